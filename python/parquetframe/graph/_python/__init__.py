"""The graph engine on NumPy, for installations without the extension; also the reference."""
