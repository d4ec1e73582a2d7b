"""What a new model's card says of how it was made."""

from __future__ import annotations

import shlex
from pathlib import Path

from gallery.training.new_card import made_by
from gallery.training.recipes import recipe_named
from gallery.training.request import TrainingRequest


def test_the_command_on_a_card_can_be_given_to_a_shell_whatever_the_folder_is_called(tmp_path: Path) -> None:
    request = TrainingRequest(
        data=tmp_path / "My Owls; all $5",
        recipe=recipe_named("cnn-small"),
        weights=str(tmp_path / "o'hare.npz"),
        model_id="owls",
        folder=tmp_path / "owls",
        cache=tmp_path,
    )
    words = shlex.split(made_by(request))
    assert words[words.index("--data") + 1] == "My Owls; all $5"
    assert words[words.index("--weights") + 1] == "o'hare.npz"
