"""How figures are printed."""


def figure(name: str, value: float, note: str = "") -> None:
    """Print one figure on a line of its own."""
    digits = 0 if value >= 1000 else 2
    print(f"\n  {name:<58}{value:>14,.{digits}f}  {note}", end="")
