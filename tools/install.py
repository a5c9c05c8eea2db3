"""Makes .venv/ and installs pinned requirements into it, unless that was done already.

    python3 tools/install.py requirements.txt [requirements-dev.txt]

Every Python can read this file, so that an old one can say which is needed. A `.venv/` that does not work, such as one
whose making was interrupted, is made anew. A stamp in it holds the hash of what was installed last.
"""

import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.environ.get("VENV") or os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
NEEDED = (3, 11)
# Succeeds in an environment that can install and is recent enough.
PROBE = "import sys, pip; sys.exit(sys.version_info < (3, 11))"


def main(files):
    if sys.version_info < NEEDED:
        give_up(
            "Python 3.11 or newer is needed; %s is %d.%d. Install one, or say where it is: make PYTHON=python3.12 ..."
            % ((sys.executable,) + tuple(sys.version_info[:2]))
        )
    try:
        if not works():
            make_environment()
        for name in files:
            install(name)
    except (IOError, OSError) as error:
        give_up("%s cannot be written: %s. Check who owns it." % (error.filename or VENV, error.strerror))


def works():
    if not os.path.exists(PYTHON):
        return False
    with open(os.devnull, "w") as nowhere:
        return subprocess.call([PYTHON, "-c", PROBE], stdout=nowhere, stderr=nowhere) == 0


def make_environment():
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        give_up(
            "This Python lacks its venv module. On Debian and Ubuntu: apt-get install python%d.%d-venv"
            % tuple(sys.version_info[:2])
        )
    say("Making %s ..." % VENV)
    if os.path.isdir(VENV):
        shutil.rmtree(VENV)
    if subprocess.call([sys.executable, "-m", "venv", VENV]) != 0:
        give_up("%s could not be made; the reason stands above." % VENV)


def install(name):
    with open(os.path.join(ROOT, name), "rb") as file:
        wanted = hashlib.sha256(file.read()).hexdigest()
    stamp = os.path.join(VENV, "installed-" + os.path.basename(name))
    if os.path.exists(stamp):
        with open(stamp) as file:
            if file.read().strip() == wanted:
                return
    say("Installing %s; the first time takes a minute ..." % name)
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "-r", name]
    if subprocess.call(pip, cwd=ROOT) != 0:
        give_up("%s could not be installed; the reason stands above. Is the network there?" % name)
    with open(stamp, "w") as file:
        file.write(wanted + "\n")


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def give_up(sentence):
    sys.stderr.write(sentence + "\n")
    sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
