"""Plays cases on a pseudo-terminal of this machine, and tells what came of each step.

Usage: pty-recorder.py SECONDS, after which silence means that nothing more comes.

Standard input: JSON, a list of cases, each a list of steps [kind, argument]; the answer is a list of lists
of [shown, got, signals]. Bytes are strings of U+0000 to U+00FF. We lead a session of our own whose
controlling terminal it is, and are its foreground group.
"""

import fcntl
import json
import os
import select
import signal
import struct
import sys
import termios

NAMES = {getattr(signal, name): name for name in ("SIGINT", "SIGQUIT", "SIGTSTP", "SIGWINCH", "SIGHUP")}
FLAGS = {
    "input": (0, {"ISTRIP": 0o40, "INLCR": 0o100, "IGNCR": 0o200, "ICRNL": 0o400, "IXON": 0o2000, "IXANY": 0o4000, "IUTF8": 0o40000}),
    "output": (1, {"OPOST": 0o1, "ONLCR": 0o4, "OCRNL": 0o10, "ONOCR": 0o20, "ONLRET": 0o40, "XTABS": 0o14000}),
    "local": (
        3,
        {"ISIG": 0o1, "ICANON": 0o2, "ECHO": 0o10, "ECHOE": 0o20, "ECHOK": 0o40, "ECHONL": 0o100, "NOFLSH": 0o200,
         "ECHOCTL": 0o1000, "ECHOKE": 0o4000, "IEXTEN": 0o100000},
    ),
}
CONTROLS = {"endOfLine": 11, "secondEndOfLine": 16, "time": 5, "minimum": 6, "interrupt": 0}
QUIET_S = float(sys.argv[1])


def main():
    os.setsid()
    caught = []
    for number in NAMES:
        signal.signal(number, lambda got, _frame: caught.append(NAMES[got]))
    json.dump([play(steps, caught) for steps in json.load(sys.stdin)], sys.stdout)


def play(steps, caught):
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    os.set_blocking(slave, False)
    results = []
    for kind, argument in steps:
        del caught[:]
        got = None
        if kind == "type":
            os.write(master, argument.encode("latin-1"))
        elif kind == "write":
            got = write(slave, argument.encode("latin-1"))
        elif kind == "read":
            settle(master, slave)
            got = read(slave, argument)
        elif kind == "set":
            change(slave, argument)
        elif kind == "flush":
            termios.tcflush(slave, argument)
        elif kind == "resize":
            fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", *argument, 0, 0))
        results.append([settle(master, slave), got, list(caught)])
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    fcntl.ioctl(slave, termios.TIOCNOTTY)
    os.close(slave)
    os.close(master)
    return results


def read(slave, size):
    try:
        return os.read(slave, size).decode("latin-1")
    except BlockingIOError:
        return None


def write(slave, data):
    try:
        return str(os.write(slave, data))
    except BlockingIOError:
        return None


def change(slave, wanted):
    attributes = termios.tcgetattr(slave)
    for word, (index, flags) in FLAGS.items():
        for name in flags:
            if name in wanted.get("on", []):
                attributes[index] |= flags[name]
            if name in wanted.get("off", []):
                attributes[index] &= ~flags[name]
    for name, value in wanted.get("controls", {}).items():
        attributes[6][CONTROLS[name]] = value if name in ("time", "minimum") and not attributes[3] & 2 else bytes([value])
    termios.tcsetattr(slave, termios.TCSANOW, attributes)


def settle(master, slave):
    """What is shown until nothing more comes; polling makes the kernel pass on what is under way."""
    shown = b""
    while True:
        select.select([slave], [], [], 0)
        if not select.select([master], [], [], QUIET_S)[0]:
            return shown.decode("latin-1")
        shown += os.read(master, 4096)


main()
