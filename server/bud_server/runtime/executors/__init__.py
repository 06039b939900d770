"""How an executor's code is run: beside others, in a thread, or in a process that can be killed."""
