"""The pencil box: canvas, fonts, icons, charts and words. The only room besides ``displays`` that knows pillow."""
