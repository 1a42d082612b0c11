"""Jobs: how they are claimed, run, ended, rung for, and looked after."""
