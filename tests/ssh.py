"""A real sshd for tests, with keys of its own, on a port of its own, for the user who runs them."""

import getpass
import os
import shutil
import subprocess
from pathlib import Path

from parts import need_program
from remote import free_tcp_port
from waiting import until

CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile {folder}/pid
PasswordAuthentication no
UsePAM no
StrictModes no
AllowTcpForwarding yes
SetEnv PYTHONPATH={pythonpath} PATH={path} PYTHONUNBUFFERED=1
Subsystem sftp internal-sftp
"""


class Sshd:
    """The server, and how to reach it."""

    def __init__(self, folder):
        sshd = need_program("sshd")
        folder.mkdir()
        for name in ("host", "user"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name]
            subprocess.run([str(word) for word in command], check=True)
        self.port, self.folder = free_tcp_port(), folder
        words = {"pythonpath": os.environ.get("PYTHONPATH", ""), "path": os.environ["PATH"]}
        (folder / "config").write_text(CONFIG.format(port=self.port, folder=folder, **words))
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        self._process = subprocess.Popen([sshd, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL)
        until(lambda: self.ran("true"), "sshd answers")

    def command(self, *words):
        """An ssh command line that asks nothing."""
        options = ("StrictHostKeyChecking=no", f"UserKnownHostsFile={self.folder}/known", "ExitOnForwardFailure=yes")
        named = [word for option in options for word in ("-o", option)]
        where = [f"{getpass.getuser()}@127.0.0.1"]
        return ["ssh", "-q", "-p", str(self.port), "-i", str(self.folder / "user"), *named, *where, *map(str, words)]

    def ran(self, *words):
        """Whether a command there succeeds."""
        return subprocess.run(self.command(*words), capture_output=True).returncode == 0

    def tunnel(self, here, there):
        """`ssh -N -L`; returns the process."""
        first, *rest = self.command()
        return subprocess.Popen([first, "-N", "-L", f"{here}:127.0.0.1:{there}", *rest])

    def close(self):
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.folder)
