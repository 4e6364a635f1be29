"""What trading is: pure rules, aggregates and their events. No input, no output, no clock."""
