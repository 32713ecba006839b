"""A training step here against the same step in Magenta: its numbers were kept by bench/magenta_losses.py."""

import json

import numpy as np
import pytest
from keras import ops

import gansynth
from gansynth import network, normalizer, variables
from gansynth.training import discriminator, losses, progressive_growing, steps
from gansynth.training.hparams import from_settings
from gansynth.training.step_plan import SoundStepPlan
from gansynth.training.tensors import from_state
from tests.conftest import DATA

FOLDER = DATA / "magenta_training"
NAMES = {"generator": variables.generator, "discriminator": variables.discriminator}
# Of Adam's moments, before the step; bench/magenta_losses.py fills Magenta's with the same.
M, V = 1e-3, 1e-4


def error(ours, theirs):
    return np.linalg.norm(np.asarray(ours) - theirs) / np.linalg.norm(theirs)


def joined(weights):
    return np.concatenate([np.ravel(weights[name]) for name in sorted(weights)])


class Proof:
    """One stage's numbers, and what our functions need to arrive at them."""

    def __init__(self, stage):
        with np.load(FOLDER / f"stage_{stage}.npz") as file:
            self.theirs = dict(file)
        self.config = gansynth.config.read_settings(FOLDER)
        scale, shift = normalizer.scale_and_shift(self.config)
        own = from_settings(json.loads((FOLDER / "experiment.json").read_text()))
        self.plan = SoundStepPlan(
            self.config, own, blocks=3, fading=stage == 3,
            parts=losses.label_parts(self.config), scale=scale, shift=shift,
        )  # fmt: skip
        state = progressive_growing.initial(self.config, 3, 0, np.random.default_rng(0))
        for name in NAMES:
            weights, adam = getattr(state, name), getattr(state, f"{name}_adam")
            weights.update(self.weights(name, "before", weights))
            adam.m, adam.v = ({k: np.full_like(w, size) for k, w in weights.items()} for size in (M, V))
        state.average = {name: np.zeros_like(value) for name, value in state.generator.items()}
        self.tensors = from_state(state)
        raw = discriminator.shrink(self.theirs["raw"], 2, self.config)
        self.batch = {
            "real": scale * raw + shift,
            "full_labels": self.theirs["real_labels"],
            "fade": np.float32(self.theirs["progress"] - 1.0),
            "rate": np.float32(1.0),
        } | {name: self.theirs[name] for name in ("z", "z_labels", "mix")}

    def weights(self, which, kind, wanted):
        """Magenta's numbers of a kind for some of our weights."""
        return {name: self.theirs[f"{kind}/{NAMES[which](name)}"] for name in wanted}

    def small(self, pictures):
        """Magenta's pictures as ours are."""
        return self.plan.scale * pictures[:, ::2, ::2] + self.plan.shift

    def gradients(self, step, which, monkeypatch):
        """What a step descends along."""
        seen = {}
        descend = steps.descend

        def watch(tensors, network, learned, gradients, *others):
            seen.update(gradients)
            return descend(tensors, network, learned, gradients, *others)

        monkeypatch.setattr(steps, "descend", watch)
        step(self.plan, self.tensors, self.batch)
        return error(joined(seen), joined(self.weights(which, f"{which}_gradient", seen)))


@pytest.fixture(params=[3, 4], ids=["fading", "stable"], scope="module")
def proof(request):
    return Proof(request.param)


def scored(proof, pictures):
    ready = discriminator.prepare_training(proof.tensors["discriminator"])
    return steps._scored(proof.plan, ready, pictures, proof.batch)


def check(name, ours, theirs, most=1e-4):
    found = error(ours, theirs)
    print(f"{name}: relative error {found:.1e}")
    assert found < most


def test_real_pictures_are_blended_alike(proof):
    check("real", steps._blended(proof.plan, proof.batch["real"], proof.batch), proof.small(proof.theirs["real"]))


def test_magenta_enlarges_what_we_leave_small(proof):
    pictures = proof.theirs["fake"]
    np.testing.assert_array_equal(pictures, network.enlarge(ops, pictures[:, ::2, ::2], 2, proof.config))


def test_the_generator_generates_the_same_pictures(proof):
    fake = steps._generated(
        proof.plan, proof.tensors["generator"], proof.batch["z"], proof.batch["z_labels"], proof.batch
    )
    check("fake", fake, proof.small(proof.theirs["fake"]))


@pytest.mark.parametrize("kind", ["real", "fake"])
def test_scores_and_label_losses(proof, kind):
    scores, logits = scored(proof, proof.small(proof.theirs[kind]))
    labels = proof.theirs["real_labels" if kind == "real" else "z_labels"]
    check(f"{kind} scores", scores, proof.theirs[f"{kind}_scores"])
    check(f"{kind} labels", losses.label_loss(logits, labels, proof.plan.parts), proof.theirs[f"{kind}_label_loss"])


def test_the_generators_loss(proof):
    _, reports = steps.generator_step(proof.plan, proof.tensors, proof.batch)
    total = proof.plan.hparams.generator_ac_loss_weight * reports["generator_labels"] - reports["generator_score"]
    check("generator loss", total, proof.theirs["generator_loss"])


def test_the_discriminators_loss_and_its_gradient_penalty(proof):
    own = proof.plan.hparams
    _, reports = steps.discriminator_step(proof.plan, proof.tensors, proof.batch)
    check("gradient penalty", reports["gradient_penalty"], proof.theirs["gradient_penalty"])
    scores, _ = scored(proof, proof.small(proof.theirs["real"]))
    total = reports["discriminator"] + own.discriminator_ac_loss_weight * reports["discriminator_labels"]
    total += own.real_score_penalty_weight * ops.mean(ops.square(scores))
    total += own.gradient_penalty_weight * reports["gradient_penalty"]
    check("discriminator loss", total, proof.theirs["discriminator_loss"])


@pytest.mark.parametrize(
    ("which", "step", "most"),
    [("generator", steps.generator_step, 1e-4), ("discriminator", steps.discriminator_step, 1e-3)],
)
def test_every_gradient(proof, which, step, most, monkeypatch):
    found = proof.gradients(step, which, monkeypatch)
    print(f"{which} gradients: relative error {found:.1e}")
    assert found < most


@pytest.mark.parametrize(
    ("which", "step"), [("generator", steps.generator_step), ("discriminator", steps.discriminator_step)]
)
def test_a_step_of_adam_moves_the_weights_as_far(proof, which, step):
    after, _ = step(proof.plan, proof.tensors, proof.batch)
    followed = [name for name in after[which] if f"after/{NAMES[which](name)}" in proof.theirs]
    before, theirs = (proof.weights(which, kind, followed) for kind in ("before", "after"))
    ours = {name: np.array(after[which][name]) - before[name] for name in followed}
    moved = {name: theirs[name] - before[name] for name in followed}
    check(f"{which} step", joined(ours), joined(moved), 1e-3)


def test_the_average_follows(proof):
    after, _ = steps.generator_step(proof.plan, proof.tensors, proof.batch)
    for name in ("conv0_1/kernel", "to_rgb_3/bias"):
        check(name, after["average"][name], proof.theirs[f"after/{variables.averaged(name)}"])
