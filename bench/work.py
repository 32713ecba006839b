"""The work that is timed, the same for Magenta and for us."""

NOTES = 8
PITCH = 32
KEYS, STEPS = 10, 10
SPACING_S, ATTACK_S, SUSTAIN_S, RELEASE_S = 0.4, 0.5, 1.0, 0.5
SEED = 0
