"""make_page.py page.png: the picture that scripts/demo-ocr and the test of examples/read_text read; page.txt is what it says.
Pillow's own typeface; one line is tilted, one stands upside down."""
import sys

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 640, 400
# text, size, left, top, degrees against the clock
LINES = [("The quick brown fox", 40, 40, 20, 0), ("jumps over 13 lazy dogs.", 32, 40, 90, 0), ("tilted by six degrees", 28, 60, 130, 6),
         ("upside down", 36, 60, 240, 180), ("left side", 26, 40, 320, 0), ("right side 2026", 26, 380, 320, 0)]


def line(text, size):
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    picture = Image.new("L", (right - left + 8, bottom - top + 8), 255)
    ImageDraw.Draw(picture).text((4 - left, 4 - top), text, 30, font)
    return picture


page = Image.new("L", (WIDTH, HEIGHT), 255)
for text, size, left, top, degrees in LINES:
    page.paste(line(text, size).rotate(degrees, Image.BICUBIC, True, fillcolor=255), (left, top))
page.save(sys.argv[1], optimize=True)
