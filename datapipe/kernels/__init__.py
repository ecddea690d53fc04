"""The hot room: plain functions of numpy arrays, compiled by Numba (DESIGN: text is `(offsets, data)`)."""
