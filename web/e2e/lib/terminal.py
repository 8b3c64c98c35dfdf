"""Runs a command in a terminal of its own, as a person would: what it prints is passed on.

Ends the command when standard input is closed, or when this program is asked to stop.
"""

import os
import pty
import select
import signal
import sys


def main(command: list[str]) -> int:
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(command[0], command)

    def stop(*_: object) -> None:
        os.kill(child, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    watched = [terminal, sys.stdin.fileno()]
    while terminal in watched:
        for ready in select.select(watched, [], [])[0]:
            try:
                output = os.read(ready, 4096)
            except OSError:  # Linux says so when the other side of a terminal is closed.
                output = b""
            if not output:
                watched.remove(ready)
                if ready != terminal:
                    stop()
            elif ready == terminal:
                sys.stdout.buffer.write(output)
                sys.stdout.flush()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
