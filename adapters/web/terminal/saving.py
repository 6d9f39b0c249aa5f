"""Saves a file from a conversation into the folder where the terminal is: only when it is asked for, and never over another file."""

from pathlib import Path
from typing import NamedTuple

from bot.domain.generated import GeneratedFile, file_name, size_words
from bot.domain.timeline import Post

COPIES = 99
FULL = "There are {copies} files of the name {name} already, so it was not saved."
FAILED = "It could not be saved in {folder}: {why}."
SAVED = "Saved as {path} ({size})."


class SavedName(NamedTuple):
    """A file of a post, as it can be picked: the id of its bytes, and what it is going to be called."""

    id: str
    name: str


def savable(post: Post) -> tuple[SavedName, ...]:
    """What came with a post; a picture has no name of its own."""
    pictures = [SavedName(id, f"picture-{number}") for number, id in enumerate(post.pictures, 1)]
    return (*pictures, *(SavedName(file.id, file.name) for file in post.files))


def saved(file: GeneratedFile, name: str, folder: Path) -> str:
    """Saves it under this name or one like it, and says where."""
    name = file_name(name if not file.picture else f"{name}.{file.media_type.partition('/')[2]}")
    stem, dot, ending = name.rpartition(".") if "." in name else (name, "", "")
    for copy in range(1, COPIES + 1):
        path = folder / (name if copy == 1 else f"{stem} ({copy}){dot}{ending}")
        try:
            with path.open("xb") as out:  # neither over a file nor through a link
                out.write(file.data)
        except FileExistsError:
            continue
        except OSError as error:
            return FAILED.format(folder=folder, why=error.strerror or type(error).__name__)
        return SAVED.format(path=path, size=size_words(len(file.data)))
    return FULL.format(copies=COPIES, name=name)
