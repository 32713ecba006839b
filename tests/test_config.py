"""experiment.json and meta.json, as different runs leave them."""

import json

import pytest

import gansynth
from gansynth.config import Config


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "stage_00012").mkdir()
    return tmp_path


def write(folder, name, content):
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def test_magentas_defaults_stand_in_for_missing_keys(folder):
    config = gansynth.read_config(write(folder, "experiment.json", {}))
    assert (config.start_height, config.start_width, config.fmap_base, config.fmap_max) == (4, 8, 512, 128)
    assert (config.latent_size, config.audio_length, config.sample_rate, config.data_type) == (256, 64000, 16000, "mel")


def test_a_folder_without_experiment_json_has_all_defaults(folder):
    assert gansynth.read_config(folder) == Config(folder=folder)


def test_the_pitches_are_those_of_meta_json(folder):
    write(folder, "meta.json", {"a": {"pitch": 60}, "b": {"pitch": 48}, "c": {"pitch": 60}})
    assert gansynth.read_config(folder).pitches == (48, 60)


def test_without_meta_json_the_pitches_are_those_of_nsynth(folder):
    assert gansynth.read_config(folder).pitches == tuple(range(24, 85))


def test_paths_of_the_training_machine_are_not_looked_at(folder):
    write(folder, "experiment.json", {"train_root_dir": "/nowhere", "train_meta_path": "/nowhere/meta.json"})
    assert gansynth.read_config(folder).name == folder.name


def test_the_spectrogram_follows_from_the_start_and_the_resolutions(folder):
    config = gansynth.read_config(write(folder, "experiment.json", {"start_height": 2, "start_width": 16}))
    assert (config.frames, config.frequencies, config.hop, config.padding) == (128, 1024, 512, 3072)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "not valid JSON"),
        ("[1]", "must hold a JSON object"),
        ({"data_type": "wave"}, "data_type must be one of linear, phase, mel, complex_mel, not 'wave'"),
        ({"latent_vector_size": "many"}, "latent_vector_size must be a whole number, not 'many'"),
        ({"latent_vector_size": 0}, "at least 1"),
        ({"audio_length": 99_000_000}, "audio_length must be at most .* not 99000000"),
        ({"simple_arch": True}, "simple_arch"),
        ({"fmap_base": 127}, "fmap_base must be at least 128 .* not 127"),
        ({"train_progressive": 1}, "train_progressive must be true or false, not 1"),
        ({"num_resolutions": 10**9}, "num_resolutions must be at most 16, not 1000000000"),
        ({"num_resolutions": 10**400}, "num_resolutions must have fewer digits, not a number of"),
        ({"num_resolutions": 16, "start_height": 4096, "start_width": 4096}, "spectrogram must have at most"),
        ({"fmap_decay": -1000}, "fmap_decay must be at least 0, not -1000"),
        ({"fmap_decay": 1e308}, "fmap_decay must be at most 24"),
        ({"mag_normalizer_a": 10**400}, "mag_normalizer_a must have fewer digits"),
        ('{"p_normalizer_a": 1e400}', "p_normalizer_a must be a finite number"),
        ("[" * 200_000, "not valid JSON"),
    ],
)
def test_a_bad_setting_is_named(folder, content, reason):
    with pytest.raises(ValueError, match=reason):
        gansynth.read_config(write(folder, "experiment.json", content))


def test_a_checkpoint_in_the_middle_of_training_needs_channels_only_for_its_blocks(tmp_path):
    (tmp_path / "stage_00010").mkdir()
    assert gansynth.read_config(write(tmp_path, "experiment.json", {"fmap_base": 64})).num_filters(6) == 1
    (tmp_path / "stage_00011").mkdir()
    with pytest.raises(ValueError, match="for block 7 to have a channel"):
        gansynth.read_config(tmp_path)


def test_a_note_without_a_pitch_is_refused(folder):
    with pytest.raises(ValueError, match=r"whole number in 0\.\.127 as pitch"):
        gansynth.read_config(write(folder, "meta.json", {"a": {"pitch": "high"}}))


@pytest.mark.parametrize("pitch", ["1e400", "9" * 400, "-1"])
def test_a_pitch_out_of_range_is_refused(folder, pitch):
    with pytest.raises(ValueError, match=r"whole number in 0\.\.127 as pitch"):
        gansynth.read_config(write(folder, "meta.json", f'{{"a": {{"pitch": {pitch}}}}}'))


def test_a_folder_without_stages_is_not_a_checkpoint(tmp_path):
    with pytest.raises(FileNotFoundError, match="not a checkpoint"):
        gansynth.read_config(tmp_path)


def test_checkpoints_are_found_by_name_and_the_first_models_folder_wins(tmp_path):
    for models, name in (("a", "tuba"), ("b", "tuba"), ("b", "oboe")):
        (tmp_path / models / "gansynth" / name / "stage_00000").mkdir(parents=True)
    (tmp_path / "a" / "gansynth" / "notes").mkdir()
    found = gansynth.find([tmp_path / "a", tmp_path / "b", tmp_path / "missing"])
    assert found == [tmp_path / "b/gansynth/oboe", tmp_path / "a/gansynth/tuba"]
