"""Exchanges and what stands behind them: one adapter a file."""
