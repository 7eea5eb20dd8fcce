#!/usr/bin/env python3
"""Measure how much burned-in text is found: PP-OCR (ours) and Tesseract take turns.

Made-up names, numbers and dates are drawn in many fonts, sizes and contrasts on black, on noise,
in inverse, and on real images. A text counts as found when nine tenths of its ink lie within the
boxes that would be blanked.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(HERE / "lib"))

import numpy as np
from headgate.core.pixels.boxes import Box, Word
from headgate.core.pixels.description import Description
from headgate.core.pixels.finding import boxes_to_blank, reduced
from headgate.core.pixels.rendering import stretched, views
from headgate.stores import ocr
from PIL import Image, ImageDraw, ImageFont

TEXTS = (
    "NORDMANN^KJERSTI", "Nordmann, Kjersti Åse", "Ødegård Bjørn", "ID: 01020312345", "02.03.1959",
    "DOB 1959-03-02", "ACC0001042", "Haukeland Sykehus", "F 65Y", "KNM", "2024/03/12 10:11",
)  # fmt: skip
SIZES = (8, 10, 12, 14, 16, 20, 24, 32, 40)
# grounds: how bright the text is, and what it stands on
GROUNDS = {
    "white on black": (255, "black"), "grey on black": (90, "black"), "white on noise": (255, "noise"),
    "grey on noise": (150, "noise"), "black on white": (0, "white"), "white on image": (255, "image"),
    "black on image": (0, "image"),
}  # fmt: skip
SHAPE = (512, 640)
FOUND, REAL = 0.9, 16
# grey levels between ink and its ground from which it shows, and the share of a text that does
VISIBLE, SEEN = 60, 0.9


def fonts():
    listed = subprocess.run(["fc-list", ":", "file"], capture_output=True, text=True).stdout
    names = sorted(line.split(":")[0] for line in listed.splitlines())
    return [name for name in names if name.endswith((".ttf", ".otf")) and "Emoji" not in name]


def contents(folder):
    """Frames of real files, as 8-bit grey: what text is drawn on."""
    from pydicom import dcmread

    found = []
    paths = sorted(Path(folder).glob("[CMUXP][TRSA]*/*"))
    random.Random(0).shuffle(paths)
    for path in paths:
        try:
            pixels = next(iter(pixel_frames(dcmread(path))))
        except (ValueError, TypeError, KeyError, AttributeError, RuntimeError, NotImplementedError):
            continue
        if min(pixels.shape[:2]) >= 256:
            grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
            ends = np.percentile(grey, (1, 99))
            image = Image.fromarray(stretched(grey.astype(float), *ends)).resize(SHAPE[::-1])
            found.append(np.asarray(image))
        if len(found) == REAL:
            break
    return found


def pixel_frames(dataset):
    from pydicom.pixels import iter_pixels

    return iter_pixels(dataset, raw=True)


def ground(kind, images, chance):
    if kind == "image":
        return chance.choice(images).copy()
    if kind == "noise":
        return np.random.default_rng(chance.randrange(1 << 30)).integers(0, 100, SHAPE, np.uint8)
    return np.full(SHAPE, 255 if kind == "white" else 0, np.uint8)


def drawn(size, shade, kind, images, names, chance):
    """One image with texts down its left part, and the ink of each text."""
    canvas, inks = ground(kind, images, chance), []
    top = 6
    while top + 2 * size < SHAPE[0] and len(inks) < 6:
        mask = Image.new("L", SHAPE[::-1])
        font = ImageFont.truetype(chance.choice(names), size)
        place = (chance.randrange(4, 200), top)
        ImageDraw.Draw(mask).text(place, chance.choice(TEXTS), fill=255, font=font)
        ink = np.asarray(mask) / 255
        top += max(3 * size, 40)
        seen = (ink > 0.5) & (abs(canvas.astype(int) - shade) >= VISIBLE)
        if seen.sum() < SEEN * (ink > 0.5).sum():
            continue
        canvas = (canvas * (1 - ink) + shade * ink).astype(np.uint8)
        inks.append(seen)
    return canvas, inks


def tesseract(image):
    pgm = b"P5 %d %d 255\n" % image.shape[::-1] + image.tobytes()
    done = subprocess.run(
        ["tesseract", "stdin", "stdout", "--psm", "11", "tsv"],
        input=pgm, capture_output=True, env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    found = []
    for line in done.stdout.decode().splitlines()[1:]:
        cells = line.split("\t")
        if cells[0] == "5" and cells[11].strip():
            left, top, width, height = map(int, cells[6:10])
            box = Box(left, top, left + width, top + height)
            found.append(Word(cells[11], box, float(cells[10]) / 100))
    return found


def covered(reader, canvas, sides):
    mask = np.zeros(canvas.shape, bool)
    for view in views(canvas, Description("MONOCHROME2", *canvas.shape)):
        for image in (view.image, 255 - view.image)[:sides]:
            words = [reduced(word, view.scale, view.left, view.top) for word in reader(image)]
            for box in boxes_to_blank(words, *canvas.shape):
                mask[box.top : box.bottom, box.left : box.right] = True
    return mask


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4, help="images of each size and ground")
    parser.add_argument("--images", required=True, help="folder of real DICOM files")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance, names, images = random.Random(options.seed), fonts(), contents(options.images)
    readers = {
        "rapidocr": (ocr.words, 1), "rapidocr, both polarities": (ocr.words, 2),
        "tesseract": (tesseract, 1),
    }  # fmt: skip
    ocr.words(np.zeros(SHAPE, np.uint8))
    found, seconds, excess = defaultdict(list), defaultdict(list), defaultdict(list)
    for _ in range(options.rounds):
        for size in SIZES:
            for name, (shade, kind) in GROUNDS.items():
                canvas, inks = drawn(size, shade, kind, images, names, chance)
                for who, (reader, sides) in readers.items():
                    began = time.perf_counter()
                    mask = covered(reader, canvas, sides)
                    seconds[who].append(time.perf_counter() - began)
                    hits = [mask[ink].mean() >= FOUND for ink in inks]
                    found[who, size] += hits
                    found[who, name] += hits
                    found[who, ""] += hits
    for image in images:
        for who, (reader, sides) in readers.items():
            excess[who].append(covered(reader, image, sides).mean())
    report(readers, found, seconds, excess, len(names), len(images))


def report(readers, found, seconds, excess, fonts_used, images_used):
    count = len(found[next(iter(readers)), ""])
    out = [f"{count} texts, {fonts_used} fonts, {images_used} real images; recall in percent.\n"]
    for title, keys in (("size in pixels", SIZES), ("ground", tuple(GROUNDS))):
        out.append(f"| {title} | " + " | ".join(readers) + " |")
        out.append("|---|" + "---|" * len(readers))
        for key in (*keys, ""):
            cells = [f"{100 * np.mean(found[who, key]):.1f}" for who in readers]
            out.append(f"| {key or 'all'} | " + " | ".join(cells) + " |")
        out.append("")
    out.append("| | " + " | ".join(readers) + " |\n|---|" + "---|" * len(readers))
    spent = [f"{np.median(seconds[who]):.2f}" for who in readers]
    extra = [f"{100 * np.mean(excess[who]):.2f}" for who in readers]
    out.append("| seconds an image (median) | " + " | ".join(spent) + " |")
    out.append("| percent blanked of real images as they came | " + " | ".join(extra) + " |")
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
