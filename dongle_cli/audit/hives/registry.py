r"""The settings of one Windows installation: what a value is, where that was read, and whether it could be read at all.

Keys are named as people name them: HKLM\SOFTWARE\…, HKLM\SYSTEM\CurrentControlSet\…, HKCU\Software\… of a profile.
"""

from __future__ import annotations

from dataclasses import dataclass

from dongle_cli.audit.hives.folders import Folders
from dongle_cli.audit.hives.hive import Data, Hive, Key
from dongle_cli.audit.hives.profiles import Profile, profiles
from dongle_cli.audit.hives.regpol import RegistryPol
from dongle_cli.audit.hives.unreadable import Unreadable
from dongle_cli.audit.model import Volume

CONFIG = "Windows/System32/config"
_POLICY = "Windows/System32/GroupPolicy"
_USERS_POLICY = "Windows/System32/GroupPolicyUsers"
_LOGS = (".LOG1", ".LOG2", ".LOG")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a value holds (None: it is not set) and where that was read: the file, the key and the value's name."""

    data: Data | None
    where: str
    intent: Data | None = None  # what a local policy file wants it to be, where the hive says otherwise


class Registry:
    """The hives and policy files of the Windows on `volume`, each opened when it is first asked for."""

    def __init__(self, volume: Volume) -> None:
        self.volume = volume
        self.folders = Folders(volume)
        self._hives: dict[str, Hive | Unreadable] = {}
        self._policies: dict[str, RegistryPol | Unreadable | None] = {}
        self._profiles: list[Profile] | None = None

    @staticmethod
    def is_windows(folders: Folders) -> bool:
        """Whether a Windows stands on the volume: by its folders, not by the volume's name."""
        return folders.exists(CONFIG)

    def profiles(self) -> list[Profile]:
        """Every profile, also those that no account has; Unreadable where the folder of users cannot be listed."""
        if self._profiles is None:
            try:
                software: Hive | None = self.hive(f"{CONFIG}/SOFTWARE")
                found = list(profiles(self.folders, software))
            except Unreadable:
                found = list(profiles(self.folders, None))
            self._profiles = found
        return self._profiles

    def users(self) -> list[Profile]:
        """The profiles of people who can log on."""
        return [profile for profile in self.profiles() if profile.kind == "user"]

    def hive(self, path: str) -> Hive:
        """The hive at `path` of the volume, with its logs replayed."""
        if path not in self._hives:
            try:
                self._hives[path] = self._open(path)
            except Unreadable as error:
                self._hives[path] = error
        found = self._hives[path]
        if isinstance(found, Unreadable):
            raise found
        return found

    def _open(self, path: str) -> Hive:
        live = getattr(self.volume, "hive", None)  # of a running Windows, whose hives are locked
        if live is not None and (loaded := live(path)) is not None:
            hive: Hive = loaded
            return hive
        logs = [self.folders.open(path + end) for end in _LOGS if self.folders.exists(path + end)]
        try:
            return Hive(self.folders.open(path), path, logs)
        finally:
            for log in logs:
                log.close()

    def read(self, key: str, name: str, profile: Profile | None = None) -> Answer:
        """The value `name` of `key`; where the hive does not set it, a local policy file that does.

        Unreadable where the hive cannot be read: then a policy file proves nothing either, as the hive may overrule it.
        """
        hive, inner = self._split(key, profile)
        data, where = hive.value(inner, name), f"{hive.where}: {inner}\\{name}"
        if data is None:
            return self._intended(key, name, profile) or Answer(None, where)
        try:
            intended = self._intended(key, name, profile)
        except Unreadable:  # the hive is what holds; what is wanted beside it would only have been told
            intended = None
        return Answer(data, where, intended.data if intended and intended.data != data else None)

    def _intended(self, key: str, name: str, profile: Profile | None) -> Answer | None:
        relative = key.split("\\", 1)[1]
        for path in self._policy_files(key, profile):
            policy = self._policy(path)
            if policy is not None and (data := policy.value(relative, name)) is not None:
                return Answer(data, f"{policy.where}: {relative}\\{name}")
        return None

    def key(self, key: str, profile: Profile | None = None) -> Key | None:
        """The key itself, from its hive alone; None where there is none."""
        hive, inner = self._split(key, profile)
        return hive.key(inner)

    def policy_values(self, key: str) -> set[str]:
        """The folded names of the values that the machine's local policy file sets under `key` (HKLM\\...)."""
        found = self._policy(f"{_POLICY}/Machine/Registry.pol")
        return found.names(key.partition("\\")[2].casefold()) if found else set()

    def _split(self, key: str, profile: Profile | None) -> tuple[Hive, str]:
        root, _slash, rest = key.partition("\\")
        if root == "HKCU":
            if profile is None:
                raise ValueError(key)
            if rest.casefold().startswith("software\\classes\\"):
                classes = f"{profile.folder}/AppData/Local/Microsoft/Windows/UsrClass.dat"
                return self.hive(classes), rest[len("software\\classes\\") :]
            return self.hive(profile.hive), rest
        name, _slash, inner = rest.partition("\\")
        hive = self.hive(f"{CONFIG}/{name.upper()}")
        if name.casefold() == "system" and inner.casefold().startswith("currentcontrolset"):
            current = hive.value("Select", "Current")
            if not isinstance(current, int) or not 0 < current < 1000:
                raise Unreadable(hive.where, "damaged", r"Select\Current")
            inner = f"ControlSet{current:03d}" + inner[len("CurrentControlSet") :]
        return hive, inner

    def _policy_files(self, key: str, profile: Profile | None) -> list[str]:
        if profile is None or key.startswith("HKLM"):
            return [f"{_POLICY}/Machine/Registry.pol"]
        own = [f"{_USERS_POLICY}/{profile.sid}/User/Registry.pol"] if profile.sid else []
        return [*own, f"{_POLICY}/User/Registry.pol"]

    def _policy(self, path: str) -> RegistryPol | None:
        if path not in self._policies:
            try:
                self._policies[path] = self._read_policy(path)
            except Unreadable as error:
                self._policies[path] = error
        found = self._policies[path]
        if isinstance(found, Unreadable):
            raise found
        return found

    def _read_policy(self, path: str) -> RegistryPol | None:
        try:
            if self.folders.real(path) is None:
                return None
        except OSError as error:
            raise Unreadable.of(path, error) from None
        with self.folders.open(path) as file:
            return RegistryPol(file, path)
