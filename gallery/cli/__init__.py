"""The command line: ``python -m gallery tag | evaluate | export | take | train | predict | ...``.

Importing this costs no TensorFlow, so ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from gallery.errors import GalleryError

FAILED = 2
"""Exit code when a command could not be done: the sentence on standard error says why."""

CUT_OFF = 141
"""Exit code when the output's reader went away: 128 and the number of the signal, as shells have it."""

MODULE = "python -m gallery"
"""How the command line is called in a clone; ``smart-gallery`` where the package is installed."""

BESIDE = {"restore": "backup", "tune": "train", "tag_job": "tag", "train_job": "train"}
"""Commands that are in the module of another one."""

_STREAMLIT_OPTION = re.compile(r"--[a-z]+\.[A-Za-z]+")  # --server.port 8600

EPILOG = """\
Text and JSON go to standard output, progress and notes to standard error. With --json there is exactly one
JSON object on standard output; when a command fails it is {"error": SENTENCE}. Exit codes: 0 done, 1 check
found something wrong, 2 failed, 130 stopped by Ctrl+C (what was tagged is kept).
"""


def build_parser(prog: str = MODULE) -> argparse.ArgumentParser:
    """Return the parser of all commands; tests hold the README's lines against it.

    Args:
        prog: how the program was called.
    """
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Sort animal photos into ten classes, without a browser.",
        epilog=EPILOG,
    )
    of_all = argparse.ArgumentParser(add_help=False)
    of_all.add_argument(
        "--home", type=Path, metavar="DIR", help="where the app keeps its data (default: GALLERY_HOME)"
    )
    of_all.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    common = argparse.ArgumentParser(add_help=False, parents=[of_all])
    common.add_argument("--model", metavar="ID", help="a model of the store (default: the active one)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str, options: argparse.ArgumentParser = common) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, epilog=EPILOG, parents=[options])

    tag = command("tag", "Tag the photos of a folder and all below it; unchanged ones are passed over.")
    tag.add_argument("folder", type=Path, metavar="DIR")
    tag.add_argument(
        "--dask", metavar="ADDRESS",
        help="on a Dask cluster whose workers see the folder: tcp://host:8786, or local:4 for four processes",
    )  # fmt: skip

    evaluate = command("evaluate", "Measure a model on a folder with one sub-folder a class.")
    _labelled_folder(evaluate)
    evaluate.add_argument(
        "--by-sequence", action="store_true",
        help="count photos of one folder that were taken at most 60 s apart as one, tagged by their mean",
    )  # fmt: skip

    compare = command(
        "compare", "Compare two models on the same labelled folder, with a paired test.", of_all
    )
    compare.add_argument("a", metavar="MODEL_A", help="a model of the store")
    compare.add_argument("b", metavar="MODEL_B", help="another one")
    _labelled_folder(compare)

    report = command(
        "report", "Write the evaluation of a labelled folder as one HTML file that opens anywhere."
    )
    _labelled_folder(report)
    report.add_argument("--out", type=Path, required=True, metavar="HTML")
    report.add_argument("--compare", metavar="MODEL", help="also compare with this model of the store")
    report.add_argument("--full-path", action="store_true", help="tell the folder's path, not its name alone")

    explain = command("explain", "Show why: the heatmap of a class over the photo.")
    explain.add_argument("photo", type=Path, metavar="PHOTO")
    explain.add_argument(
        "--class", dest="class_name", metavar="NAME", help="English or Italian (default: the predicted class)"
    )
    explain.add_argument(
        "--method", default="grad-cam", metavar="NAME",
        help="grad-cam (default), grad-cam++, hires-cam, layer-cam, score-cam, eigen-cam or occlusion",
    )  # fmt: skip
    explain.add_argument(
        "--layer", metavar="NAME", help="a convolution, such as block4_conv3 (default: the model's last)"
    )
    explain.add_argument(
        "--out", type=Path, required=True, metavar="PNG", help="an older heatmap there is replaced, no photo"
    )
    explain.add_argument(
        "--npy", type=Path, metavar="FILE", help="write the raw map too, float32, before enlarging and colour"
    )
    explain.add_argument("--opacity", type=_share, default=0.6, metavar="0..1", help="of the hottest place")
    explain.add_argument(
        "--colour-map", default="inferno", choices=["inferno", "viridis", "cividis", "jet"], metavar="NAME",
        help="inferno, viridis, cividis or jet",
    )  # fmt: skip

    export = command("export", "Write photos and labels in a format of other programs.")
    export.add_argument("--out", type=Path, metavar="PLACE", help="a file, or a folder for what is many")
    export.add_argument("--collection", type=Path, metavar="DIR", help="an opened folder (default: all)")
    export.add_argument(
        "--format", default="csv", metavar="NAME",
        help="csv (default), megadetector, timelapse, camtrap-dp, xmp or folders",
    )  # fmt: skip
    export.add_argument(
        "--separator", default="comma", choices=["comma", "semicolon", "tab"], help="csv: of cells"
    )
    export.add_argument("--below", action="store_true", help="csv: paths below the opened folder")
    export.add_argument(
        "--naming", default="whole", choices=["whole", "stem"], help="xmp: photo.jpg.xmp or photo.xmp"
    )
    export.add_argument("--rating", action="store_true", help="xmp: stars by confidence")
    export.add_argument("--beside", action="store_true", help="xmp: beside the photos instead of --out")
    export.add_argument("--links", action="store_true", help="folders: links instead of copies")
    location = export.add_mutually_exclusive_group()
    location.add_argument(
        "--without-location", dest="location", action="store_const", const="remove",
        help="folders: copies without coordinates (default where GALLERY_ROOTS is set)",
    )  # fmt: skip
    location.add_argument(
        "--with-location", dest="location", action="store_const", const="keep",
        help="folders: copies as they are",
    )  # fmt: skip
    export.add_argument(
        "--places",
        type=Path,
        metavar="CSV",
        help="camtrap-dp: columns folder, latitude, longitude, time_zone",
    )
    export.add_argument("--latitude", metavar="DEGREES", help="camtrap-dp: of all other folders")
    export.add_argument("--longitude", metavar="DEGREES")
    export.add_argument("--time-zone", metavar="ZONE", help="camtrap-dp: of the cameras' clocks, as +02:00")
    export.add_argument("--title", metavar="TEXT", help="camtrap-dp: of the project")
    export.add_argument(
        "--by-sequence",
        action="store_true",
        help="a photo's tag is its sequence's (at most 60 s apart)",
    )
    export.add_argument(
        "--verdicts", action="store_true", help="write people's verdicts on labels (Evaluate) instead"
    )

    clock = command("clock", "Correct the dates of a camera whose clock was set wrongly; files keep theirs.")
    clock.add_argument("folder", type=Path, metavar="DIR", help="an opened folder")
    clock.add_argument("--add", metavar="SHIFT", help='what is added: "+1 year -2 h", "-35 min"')
    clock.add_argument("--below", default="", metavar="SUB", help="only this sub-folder, as of one station")
    clock.add_argument("--remove", action="store_true", help="go by the dates in the files again")

    take = command("take", "Take labels from a file of another program, or of an earlier export.", of_all)
    take.add_argument(
        "source", type=Path, metavar="FILE",
        help="a CSV (Timelapse's too), MegaDetector's JSON, a Camtrap DP package, or a folder of sidecars",
    )  # fmt: skip
    take.add_argument("--collection", type=Path, required=True, metavar="DIR", help="an opened folder")
    take.add_argument("--of-models", action="store_true", help="also labels that only a model gave")

    check = command("check", "Check models, catalog, disk and libraries; exit code 1 if one is not in order.")
    check.add_argument(
        "--content", action="store_true",
        help="also read every photo, feature and map: what changed under an unchanged date, what is damaged?",
    )  # fmt: skip
    check.add_argument(
        "--repair", action="store_true", help="remove thumbnails that belong to no photo any more"
    )

    backup = command("backup", "Write labels with their history, verdicts and settings to a file.", of_all)
    backup.add_argument("--out", type=Path, required=True, metavar="PLACE", help="a file, or a folder for it")
    restore = command(
        "restore", "Take in a backup: what it holds and the catalog does not; later labels stand.", of_all
    )
    restore.add_argument(
        "file", type=Path, metavar="FILE", help="the automatic ones lie in catalog/backups of the home"
    )

    benchmark = command("benchmark", "Time tagging against the plain Keras loop and its bounds, in one run.")
    benchmark.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="of photos; a table each")
    benchmark.add_argument(
        "--runs", type=_count, default=3, metavar="N", help="of each, interleaved (default: 3)"
    )
    benchmark.add_argument("--every-model", action="store_true", help="each shipped model in turn")
    benchmark.add_argument("--photos", type=_count, metavar="N", help="only the first N photos")

    train = command(
        "train", "Train a new model on labelled photos; what was begun before is taken up.", of_all
    )
    _training_arguments(train)
    train.add_argument(
        "--recipe", required=True, metavar="NAME",
        help="vgg16-gap, vgg16-flatten, vgg16-bottleneck, vgg16-distilled, efficientnet-lite2-gap, "
        "resnet50-gap, inception-v3-gap, cnn-large, cnn-small, or a model's card.json, whose training is "
        "repeated",
    )  # fmt: skip
    train.add_argument(
        "--weights",
        metavar="imagenet|none|PATH",
        help="what the network begins from; a model's folder too (default: the recipe's)",
    )
    train.add_argument("--learning-rate", type=float, metavar="RATE", help="of the first epochs")
    train.add_argument(
        "--teacher",
        metavar="imagenet|PATH",
        help="vgg16-distilled's ResNet50: a .npz or .h5 (default: imagenet)",
    )
    train.add_argument(
        "--unlabelled", type=Path, metavar="DIR", help="photos that vgg16-distilled's teacher alone speaks of"
    )

    tune = command("tune", "Search for the best form of the small network, and how to train it.", of_all)
    _training_arguments(tune)
    tune.add_argument("--trials", type=_count, default=20, metavar="N", help="in all (default: 20)")
    tune.add_argument("--then-train", action="store_true", help="train the best one and save it as a model")
    tune.add_argument("--then-epochs", type=_count, metavar="N", help="of that training (default: 30)")

    predict = command("predict", "Write a table with a row a photo: a competition's submission file.")
    predict.add_argument("folder", type=Path, metavar="DIR")
    predict.add_argument("--out", type=Path, required=True, metavar="CSV")
    predict.add_argument(
        "--columns", default="id,label", metavar="ID,LABEL,...",
        help="headings; a class's name heads its probability, confidence the label's (default: id,label)",
    )  # fmt: skip
    predict.add_argument(
        "--ids", default="auto", choices=["auto", "stem", "name", "path"],
        help="12, 12.jpg or cats/12.jpg (default: 12, or cats/12.jpg where two photos are called alike)",
    )  # fmt: skip

    learn = command(
        "learn", "Fit the head to people's labels in seconds; show what would change, then keep it or not."
    )
    learn.add_argument("folder", type=Path, nargs="?", metavar="DIR", help="an opened folder (default: all)")
    choice = learn.add_mutually_exclusive_group()
    choice.add_argument("--keep", metavar="ID", help="make a learnt head the model that tags")
    choice.add_argument("--discard", metavar="ID", help="forget a learnt head")

    similar = command("similar", "List the photos that are most like one, by what the model sees in them.")
    similar.add_argument("photo", type=Path, metavar="PHOTO", help="in an opened folder")
    similar.add_argument("--collection", type=Path, metavar="DIR", help="an opened folder (default: all)")
    similar.add_argument("--count", type=_count, default=20, metavar="N", help="how many (default: 20)")

    classes = command("classes", "Classes of one's own, for `learn`; labels stay as they were given.", of_all)
    change = classes.add_mutually_exclusive_group()
    change.add_argument("--add", metavar="NAME", help="learn a new class from the photos labelled so")
    change.add_argument("--rename", nargs=2, metavar=("OLD", "NEW"), help="call a class otherwise")
    change.add_argument("--merge", nargs=2, metavar=("ONE", "INTO"), help="let one class count for another")
    change.add_argument("--retire", metavar="NAME", help="learn this class no more")
    change.add_argument("--restore", metavar="NAME", help="take back what was said of a name")

    boxes = command("boxes", "Classify the animals in a results file of MegaDetector, box by box.")
    boxes.add_argument("folder", type=Path, metavar="DIR", help="the folder that the detector was run on")
    boxes.add_argument(
        "--results", type=Path, required=True, metavar="JSON",
        help="as MegaDetector (run_detector_batch) and AddaxAI write it, format 1.3 to 1.6",
    )  # fmt: skip
    boxes.add_argument("--out", type=Path, required=True, metavar="JSON", help="the results with classes")
    boxes.add_argument(
        "--least",
        type=_share,
        default=0.2,
        metavar="0..1",
        help="confidence of a box that counts (default: 0.2)",
    )

    jobs = (
        ("tag-job", "Run the waiting jobs"),
        ("train-job", "Run a training that the Train page asked for"),
    )
    for name, text in jobs:
        job = commands.add_parser(name, description=f"{text}; the app starts this by itself.")
        job.add_argument("--home", type=Path, required=True, metavar="DIR")
        job.set_defaults(json=False)
        if name == "train-job":
            job.add_argument("--training", required=True, metavar="ID")
    return parser


def _training_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR",
        help="a folder with one sub-folder a class, a zip of one, or a CSV of path and label",
    )  # fmt: skip
    parser.add_argument("--out", metavar="ID", help="the new model's id (default: from recipe and data)")
    parser.add_argument("--epochs", type=_count, metavar="N", help="passes over the photos at most")
    parser.add_argument("--batch", type=_count, metavar="N", help="photos a step")
    parser.add_argument("--seed", type=int, metavar="N", help="another seed gives another training")
    parser.add_argument(
        "--balance",
        choices=["none", "oversample", "class weights"],
        help="what is done about unequal classes",
    )
    parser.add_argument(
        "--validation", type=float, metavar="SHARE", help="of the photos (default: 0.15, or the card's)"
    )
    parser.add_argument(
        "--test", type=float, metavar="SHARE", help="of the photos (default: 0, or the card's)"
    )
    parser.add_argument(
        "--by-group", action="store_true", help="keep a sub-folder's or source's photos in one part"
    )
    parser.add_argument(
        "--by-sequence", action="store_true", help="keep photos of a folder at most 60 s apart in one part"
    )


def smart_gallery() -> int:
    """Run the installed program: without a word, or with Streamlit's options alone, it opens the app."""
    words = sys.argv[1:]
    if words and not _STREAMLIT_OPTION.match(words[0]):
        return main(words, prog="smart-gallery")
    from gallery.cli.app import open_app

    return open_app(words)


def main(argv: Sequence[str] | None = None, *, prog: str = MODULE) -> int:
    """Run one command and return its exit code.

    Args:
        argv: the words after the program's name; those of this process if left out.
        prog: how the program was called.
    """
    arguments = build_parser(prog).parse_args(argv)
    from gallery.cli.output import answer, note
    from gallery.cli.stopping import STOPPED, Stopped
    from gallery.settings import Settings

    name = arguments.command.replace("-", "_")
    module = importlib.import_module(f"gallery.cli.{BESIDE.get(name, name)}")
    try:
        settings = Settings.from_environment(arguments.home)
        os.environ["GALLERY_HOME"] = str(settings.home)  # for all that this process asks, and those it starts
        code = getattr(module, name)(arguments, settings)
        sys.stdout.flush()
    except GalleryError as exc:
        note(f"{arguments.command}: {exc}")
        if arguments.json:
            answer({"error": str(exc)})
        return FAILED
    except BrokenPipeError:  # who reads the output has enough of it: `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CUT_OFF
    except KeyboardInterrupt as exc:
        note(str(exc) or "\nStopped. What was tagged is kept.")
        if arguments.json:
            answer({"error": exc.error if isinstance(exc, Stopped) else "stopped"})
        return STOPPED
    return code or 0


def _labelled_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument(
        "--labels", type=Path, metavar="FILE",
        help="take the labels from a file instead of the folders' names, whatever `take` reads: a table "
        "with the columns path and class, Timelapse's, MegaDetector's JSON, a Camtrap DP package, a folder "
        "of sidecars; only photos that it names are evaluated",
    )  # fmt: skip
    parser.add_argument("--split", metavar="NAME", help="only rows with this value in the column split")


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1, not {text}")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {text}")
    return value
