import pytest
import torch
from safetensors import SafetensorError

from minillm import weights


def test_what_cannot_be_written_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "new" / "model.safetensors"
    weights.write(path, {"a": torch.ones(2)}, {"by": "test"})

    def full(tensors, name, metadata):
        name.write_bytes(b"half")
        raise SafetensorError("No space left on device")

    monkeypatch.setattr(weights, "save_file", full)
    with pytest.raises(OSError, match=r"model\.safetensors could not be written.*No space left"):
        weights.write(path, {"a": torch.zeros(2)}, {})
    assert weights.read(path)["a"].tolist() == [1, 1]
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_folder_is_read_back_and_damage_is_named(tmp_path):
    turned = torch.arange(6.0).view(2, 3).T  # no file holds it as it lies in memory
    weights.write_folder(tmp_path, ("a.json", "a.safetensors"), {"rank": 2}, {"w": turned})
    assert weights.read_settings(tmp_path / "a.json") == {"rank": 2}
    assert weights.read(tmp_path / "a.safetensors")["w"].equal(turned)
    for name, read in (("a.json", weights.read_settings), ("a.safetensors", weights.read)):
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:-3])
        with pytest.raises(ValueError, match=f"{name} is cut off or no"):
            read(path)
