"""Disks: how full they are, whether they are mounted, how old the newest backup is; over SSH, or on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from eink_monitor import metrics
from eink_monitor.clock import DAY
from eink_monitor.errors import BadAnswer, StoreError
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.signin import SignIn
from eink_monitor.model.source import Source
from eink_monitor.settings import Duration, InputFile, KeyFile, Personal, Secret, insist
from eink_monitor.sources._nearby import nearby

if TYPE_CHECKING:
    from eink_monitor.sources.ssh_disk.command import SshSession
    from eink_monitor.sources.ssh_disk.disk import DiskStatus
    from eink_monitor.sources.ssh_disk.newest import Lister
    from eink_monitor.sources.ssh_disk.target import Target

_DISK = (
    metrics.DISK_STATE,
    metrics.DISK_SIZE,
    metrics.DISK_USED,
    metrics.DISK_FREE,
    metrics.DISK_INODES,
    metrics.DISK_INODES_FREE,
    metrics.DISK_FULL_AT,
)
_BACKUP = (metrics.NEWEST_BACKUP, metrics.BACKUP_MAX_AGE)


@dataclass(frozen=True)
class SshDisk(Source):
    """Disks of a machine that is reached over SSH ("localhost" needs none), and the age of the newest backup.

    ``mounts`` names the mount points; the subject of each is FEED:NAME. ``newest`` gives, for some of those names, the
    pattern of the backups in it; ``sftp_mounts`` where SFTP finds a mount, if elsewhere than the shell. ``full_at``
    (percent) and ``backup_max_age`` are the limits for an alarm.
    """

    host: Personal[str]
    mounts: dict[str, str]
    user: Personal[str] = ""
    port: int = 22
    password: Secret | None = None
    identity: Personal[KeyFile | None] = None
    passphrase: Secret | None = None
    fingerprint: str | None = None
    known_hosts: Personal[InputFile | None] = None
    newest: dict[str, str] = field(default_factory=dict)
    sftp_mounts: dict[str, str] = field(default_factory=dict)
    full_at: int = 90
    backup_max_age: Duration = Duration(2 * DAY)
    timeout: Duration = Duration(10)

    group: ClassVar[str] = "disk"
    guide: ClassVar[str] = (
        "localhost needs nothing; for another machine docs/ssh-disk.md makes a user that can only look."
    )
    words: ClassVar[Mapping[str, str]] = {
        "host": "name or address of the machine, or localhost",
        "mounts": "names and mount points, such as {backups: /srv/backup}",
        "user": "who signs in there; empty for localhost",
        "identity": "the file with the private key; empty for localhost",
    }
    metrics: ClassVar[tuple[Metric, ...]] = _DISK + _BACKUP
    preload: ClassVar[tuple[str, ...]] = ("eink_monitor.sources.ssh_disk.disk",)
    extra: ClassVar[str] = "ssh"

    def __post_init__(self) -> None:
        """Refuse what cannot work, in sentences for the user. Raises ``ValueError``."""
        insist(
            (bool(self.mounts), "mounts: is empty; write for example {backups: /mnt/backups}"),
            *self._mount_rules(),
            *self._backup_rules(),
            (
                self.fingerprint is None or self.fingerprint.startswith("SHA256:"),
                "fingerprint: must start with SHA256:, as ssh-keygen -lf shows it",
            ),
            (0 < self.port < 1 << 16, "port: must be between 1 and 65535; SSH has 22"),
            (self.timeout >= 1, "timeout: must be at least 1s"),
            (self.host == "localhost" or self.user != "", "user: is missing; SSH needs a user"),
        )

    def _mount_rules(self) -> Iterator[tuple[bool, str]]:
        for name, path in self.mounts.items():
            wanted = "must be the full path of a mount point, such as /mnt/backups"
            yield _is_full(path), f'mounts: {name}: "{path}" {wanted}'
            yield name != "" and ":" not in name, f'mounts: "{name}" cannot name a disk; leave the colon out'

    def _backup_rules(self) -> Iterator[tuple[bool, str]]:
        for name, pattern in self.newest.items():
            yield name in self.mounts, f'newest: there is no "{name}" among mounts:'
            yield pattern.strip("/") != "", f"newest: {name}: is empty; write for example *.tar.gz"
        for name, path in self.sftp_mounts.items():
            alone = "has no pattern in newest:, the only thing SFTP is asked for"
            yield name in self.newest, f'sftp_mounts: "{name}" {alone}'
            yield _is_full(path), f'sftp_mounts: {name}: "{path}" must be a full path, such as / or /backups'
        yield (
            not self.sftp_mounts or self.host != "localhost",
            "sftp_mounts: is for SSH; this machine's own disks are where mounts: says",
        )
        yield 1 <= self.full_at <= 100, f"full_at: {self.full_at} must be a percentage from 1 to 100"

    @property
    def modules(self) -> tuple[str, ...]:
        """Paramiko, except for this machine's own disks."""
        return () if self.host == "localhost" else ("paramiko",)

    @property
    def local(self) -> bool:
        """Whether it is this machine or on the local network."""
        return nearby(self.host)

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """A subject for every mount; backups only where ``newest`` has a pattern."""
        return {
            f"{subject}:{name}": (_DISK + _BACKUP if name in self.newest else _DISK) for name in sorted(self.mounts)
        }

    def doubts(self) -> Iterator[tuple[str, str]]:
        """A pattern that matches a file system image changes whenever somebody opens the image."""
        for name, pattern in self.newest.items():
            if pattern.rstrip("/*").lower().endswith((".sparsebundle", ".backupbundle")):
                bundle = pattern.rstrip("/*")
                yield (
                    f"newest: {name}: {pattern} also changes when a Mac only opens the bundle, without any backup",
                    f"write {bundle}/com.apple.TimeMachine.SnapshotHistory.plist, which a finished backup writes",
                )

    @property
    def thing(self) -> object:
        """The machine."""
        return self.host.lower()

    def poll(self, visit: Visit) -> list[Reading]:
        """Ask for every mount. A disk that is not mounted gives its state and no sizes."""
        from eink_monitor.sources.ssh_disk import disk
        from eink_monitor.sources.ssh_disk.newest import Unlisted

        if self.host == "localhost":
            looks = {name: disk.here(path, self.timeout) for name, path in self.mounts.items()}
            return list(self._readings(visit, looks, disk.listing))
        from eink_monitor.sources.ssh_disk import command as ssh

        with ssh.visit(self._target(visit)) as session:
            looks = self._looks(session)
            if not any(name in self.newest and look.mounted for name, look in looks.items()):
                return list(self._readings(visit, looks, disk.no_listing))
            try:
                with session.files() as files:
                    return list(self._readings(visit, looks, files.entries))
            except Unlisted:
                return list(self._readings(visit, looks, disk.no_listing))

    def sign_in(self) -> SignIn | None:
        """A person confirms the host's fingerprint once, unless it is pinned; this machine's own disks need none."""
        from eink_monitor.sources.ssh_disk.handshake import Handshake

        return None if self.host == "localhost" or self.fingerprint else Handshake(self)

    def greet(self, visit: Visit) -> str:
        """The fingerprint ("SHA256:...") of the key that the host shows, for a person to compare.

        Raises ``Unavailable``.
        """
        from eink_monitor.sources.ssh_disk import command as ssh

        return ssh.greet(self._target(visit)).fingerprint

    def trust(self, visit: Visit, fingerprint: str) -> None:
        """Trust the host's key from now on, because a person compared the fingerprint and confirmed it.

        Raises ``BadAnswer`` when the host shows another key by now, ``Unavailable``, ``StoreError``.
        """
        from eink_monitor.sources.ssh_disk import command as ssh
        from eink_monitor.sources.ssh_disk import hosts

        target = self._target(visit)
        key = ssh.greet(target)
        if key.fingerprint != fingerprint:
            message = f"{target.place} shows a different key than a moment ago ({key.fingerprint}); nothing was kept"
            raise BadAnswer(message)
        path = visit.state / "known_hosts"
        try:
            hosts.remember(path, target.place, key)
        except OSError as error:
            message = f"cannot write {path} ({error.strerror}); check the state directory"
            raise StoreError(message) from None

    def _target(self, visit: Visit) -> Target:
        from eink_monitor.sources.ssh_disk.target import Target

        theirs = self.known_hosts or Path("~/.ssh/known_hosts")
        return Target(
            feed=visit.feed,
            host=self.host,
            port=self.port,
            user=self.user,
            timeout=self.timeout,
            password=self.password,
            identity=self.identity,
            passphrase=self.passphrase,
            fingerprint=self.fingerprint,
            known_hosts=(visit.state / "known_hosts", theirs),
        )

    def _looks(self, session: SshSession) -> dict[str, DiskStatus]:
        """A disk that lets df hang does not affect the others. Raises ``Hangs`` where all do."""
        from eink_monitor.sources.ssh_disk import disk
        from eink_monitor.sources.ssh_disk.command import Hangs

        looks, hung = {}, 0
        for name, path in self.mounts.items():
            try:
                looks[name] = disk.remote(session.run, path)
            except Hangs:
                hung += 1
                if hung == len(self.mounts):
                    raise
                looks[name] = disk.hung("df", self.timeout)
        return looks

    def _readings(self, visit: Visit, looks: Mapping[str, DiskStatus], lister: Lister) -> Iterator[Reading]:
        from eink_monitor.sources.ssh_disk.newest import Unlisted, newest, other_root

        for name, look in looks.items():
            values = look.values()
            values[metrics.DISK_FULL_AT] = self.full_at
            if note := look.note(self.mounts[name]):
                visit.remarks.add(note)
            if look.mounted and name in self.newest:
                values[metrics.BACKUP_MAX_AGE] = self.backup_max_age
                folder = self.sftp_mounts.get(name, self.mounts[name])
                try:
                    found = newest(lister, folder, self.newest[name], visit.now)
                except Unlisted:
                    found = None
                    other = "" if self.host == "localhost" or name in self.sftp_mounts else other_root(lister, folder)
                    visit.remarks.add(f"cannot list {folder}, so its backups have no age{other}")
                if found is not None:
                    values[metrics.NEWEST_BACKUP] = found
            for metric, value in values.items():
                yield Reading(f"{visit.subject}:{name}", metric, value, visit.now)


def _is_full(path: str) -> bool:
    return path.startswith("/") and "\0" not in path
