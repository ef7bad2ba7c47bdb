"""Where Windows and Linux keep documents: data only, and of several that fit the first counts.

Sources: Microsoft's documentation of Known Folders, Offline Files and Office's AutoRecover; the XDG base directory and
trash specifications; the Filesystem Hierarchy Standard 3.0.
"""

from __future__ import annotations

from dongle_cli.audit.places.patterns import Patterns, Table

_PACKAGE = "appdata/local/packages"

# Below the folder of a person, on Windows and on Linux.
OF_A_PERSON: Table = (
    ("outlook-attachments", (
        "appdata/local/microsoft/windows/inetcache/content.outlook/**",
        "appdata/local/microsoft/windows/temporary internet files/content.outlook/**",
        "appdata/local/microsoft/windows/inetcache/content.mso/**",
        "appdata/local/microsoft/olk/attachments/**",
        "appdata/local/microsoft/windows/inetcache/olk/**",
        "local settings/temporary internet files/olk*/**",
        f"{_PACKAGE}/microsoft.windowscommunicationsapps_*/localstate/files/**",
        f"{_PACKAGE}/microsoft.outlookforwindows_*/**",
    )),
    ("outlook", (
        "appdata/local/microsoft/outlook/**", "appdata/roaming/microsoft/outlook/**", "appdata/local/microsoft/olk/**",
        "**/outlook files/**", "**/outlook ファイル/**",
        "local settings/application data/microsoft/outlook/**",
    )),
    ("office-unsaved", ("appdata/local/microsoft/office/unsavedfiles/**",)),
    ("office-cache", (
        "appdata/local/microsoft/office/*/officefilecache/**", "appdata/local/microsoft/office/officefilecache/**",
        "appdata/local/microsoft/office/*/officefilecache*/**",
        "appdata/local/microsoft/office/*/backstageinappnavcache/**", "appdata/local/microsoft/office/otele/**",
    )),
    ("office-recovery", (
        "appdata/roaming/microsoft/word/**", "appdata/roaming/microsoft/excel/**",
        "appdata/roaming/microsoft/powerpoint/**", "appdata/roaming/microsoft/publisher/**",
        "appdata/local/microsoft/word/**", "appdata/local/microsoft/excel/**", "appdata/local/microsoft/powerpoint/**",
        "appdata/roaming/justsystem/**/backup/**", "appdata/roaming/justsystem/**/autobackup/**",
        "appdata/roaming/libreoffice/*/user/backup/**", ".config/libreoffice/*/user/backup/**",
    )),
    ("templates", (
        "appdata/roaming/microsoft/templates/**", "appdata/roaming/microsoft/windows/templates/**", "templates/**",
    )),
    ("teams", (
        "appdata/roaming/microsoft/teams/**", "appdata/local/microsoft/teams/**", f"{_PACKAGE}/msteams_*/**",
        f"{_PACKAGE}/microsoftteams_*/**", ".config/microsoft/microsoft teams/**", ".config/teams-for-linux/**",
    )),
    ("onedrive", ("onedrive/**", "onedrive - */**", "appdata/local/microsoft/onedrive/**")),
    ("rdp-cache", ("appdata/local/microsoft/terminal server client/**", "appdata/local/rdclientwpf/**")),
    ("browser-cache", (
        "appdata/local/microsoft/edge*/user data/**", "appdata/local/google/chrome*/user data/**",
        "appdata/local/mozilla/firefox/**", "appdata/roaming/mozilla/firefox/**",
        ".config/google-chrome*/**", ".config/chromium/**", ".config/microsoft-edge*/**",
        ".cache/google-chrome*/**", ".cache/chromium/**", ".cache/microsoft-edge*/**", ".cache/mozilla/**",
        ".mozilla/firefox/**",
    )),
    ("recent", (
        "appdata/roaming/microsoft/windows/recent/**", "appdata/roaming/microsoft/office/recent/**",
        ".local/share/recently-used.xbel",
    )),
    ("thumbnails", (
        "appdata/local/microsoft/windows/explorer/**", ".cache/thumbnails/**", ".thumbnails/**", "**/thumbs.db",
    )),
    ("clipboard", (
        "appdata/local/microsoft/windows/clipboard/**", "appdata/local/connecteddevicesplatform/**",
        f"{_PACKAGE}/microsoftwindows.client.cbs_*/**",
    )),
    ("inetcache", (
        "appdata/local/microsoft/windows/inetcache/**", "appdata/local/microsoft/windows/temporary internet files/**",
        f"{_PACKAGE}/*/ac/inetcache/**", "local settings/temporary internet files/**",
    )),
    ("temp", (
        "appdata/local/temp/**", "appdata/locallow/temp/**", f"{_PACKAGE}/*/ac/temp/**", f"{_PACKAGE}/*/tempstate/**",
        "local settings/temp/**",
    )),
    ("container-storage", ("appdata/local/docker/**", ".local/share/containers/**", ".local/share/docker/**")),
    ("wsl", (f"{_PACKAGE}/*/localstate/rootfs/**", f"{_PACKAGE}/*/localstate/ext4.vhdx", "appdata/local/wsl/**")),
    ("mail", (
        ".thunderbird/**", "appdata/roaming/thunderbird/**", ".local/share/evolution/**", ".cache/evolution/**",
        ".local/share/local-mail/**", "mail/**", "maildir/**", ".mail/**", "snap/thunderbird/common/.thunderbird/**",
        ".var/app/*/.thunderbird/**", ".var/app/*/data/evolution/**",
    )),
    ("browser-cache", (
        "snap/firefox/**/.mozilla/**", "snap/firefox/**/.cache/**", "snap/chromium/common/chromium/**",
        ".var/app/*/config/google-chrome*/**", ".var/app/*/config/chromium/**", ".var/app/*/config/microsoft-edge*/**",
        ".var/app/*/.mozilla/**", ".var/app/*/cache/mozilla/**",
    )),
    ("app-data", (
        "appdata/**", "application data/**", "local settings/**", ".cache/**", ".config/**", ".local/**", ".var/app/**",
        "snap/**",
    )),
)  # fmt: skip

# Below the root of a system's disk.
OF_A_SYSTEM: Table = (
    ("csc", ("windows/csc/**",)),
    ("print-spool", ("windows/system32/spool/printers/**", "windows/system32/spool/servers/**", "var/spool/cups/**")),
    ("windows-setup", ("$windows.~bt/**", "$windows.~ws/**", "$winreagent/**", "$getcurrent/**", "esd/**")),
    ("found", ("found.???/**", "lost+found/**", "*/lost+found/**")),
    ("temp", (
        "windows/temp/**", "windows/system32/config/systemprofile/appdata/local/temp/**", "temp/**", "tmp/**",
        "var/tmp/**", "windows/serviceprofiles/*/appdata/local/temp/**",
    )),
    ("other-volume", ("mnt/**", "media/**", "run/media/**")),
    ("recycle-bin", ("$recycle.bin/**", "recycler/**", "recycled/**")),
    ("mail", ("var/mail/**", "var/spool/mail/**", "var/spool/postfix/**", "var/spool/exim4/**", "var/vmail/**")),
    ("shadow", ("system volume information/**",)),
    ("container-storage", (
        "var/lib/docker/**", "var/lib/containers/**", "var/lib/lxc/**", "var/lib/lxd/**", "var/lib/flatpak/**",
        "var/lib/libvirt/**", "programdata/docker/**",
    )),
    ("programs", (
        "program files/**", "program files (x86)/**", "opt/**", "snap/**", "usr/local/**",
    )),
    ("app-data", ("programdata/**", "documents and settings/all users/**", "var/**", "srv/**")),
    ("system", (
        "windows/**", "recovery/**", "boot/**", "efi/**", "perflogs/**", "usr/**", "etc/**", "bin/**", "sbin/**",
        "lib/**", "lib64/**",
    )),
)  # fmt: skip

# By a file's own name, wherever it stands: what Office makes beside a document while that is open.
BY_NAME: Table = (
    ("office-temp", (
        "**/~$*", "**/~wr*.tmp", "**/~rf*.tmp", "**/~df*.tmp", "**/.~lock.*#", "**/ppt????.tmp", "**/~wra*.doc",
        "**/~wrl*.doc",
    )),
)  # fmt: skip

# The folders that Windows lets every person move: value of User Shell Folders, where it is unless moved.
SHELL_FOLDERS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("desktop", ("Desktop", "{754AC886-DF64-4CBA-86B5-F7FBF4FBCEF5}"), "Desktop"),
    ("documents", ("Personal", "{F42EE2D3-909F-4907-8871-4C22FC0BF756}"), "Documents"),
    ("downloads", ("{374DE290-123F-4565-9164-39C4925E467B}", "{7D83EE9B-2244-4E70-B1F5-5393042AF1E4}"), "Downloads"),
    ("pictures", ("My Pictures", "{0DDD015D-B06C-45D5-8C4C-F59713854639}"), "Pictures"),
    ("music", ("My Music", "{A0C69A99-21C8-4671-8703-7934162FCF1D}"), "Music"),
    ("videos", ("My Video", "{35286A68-3C57-41A1-BBB1-0EAE73D76C95}"), "Videos"),
)
# What the same folders are called elsewhere: XP and, in a Japanese session, Linux (user-dirs.dirs says so there).
ALSO: dict[str, str] = {
    "my documents": "documents", "デスクトップ": "desktop", "ドキュメント": "documents", "ダウンロード": "downloads",
    "画像": "pictures", "ピクチャ": "pictures", "ミュージック": "music", "音楽": "music", "ビデオ": "videos",
    "my documents/my pictures": "pictures", "my documents/my music": "music", "my documents/my videos": "videos",
    "public": "public", "公開": "public", "テンプレート": "templates",
}  # fmt: skip
XDG: dict[str, str] = {
    "XDG_DESKTOP_DIR": "desktop", "XDG_DOCUMENTS_DIR": "documents", "XDG_DOWNLOAD_DIR": "downloads",
    "XDG_PICTURES_DIR": "pictures", "XDG_MUSIC_DIR": "music", "XDG_VIDEOS_DIR": "videos",
    "XDG_TEMPLATES_DIR": "templates", "XDG_PUBLICSHARE_DIR": "public",
}  # fmt: skip

PERSON = Patterns(OF_A_PERSON)
SYSTEM = Patterns(OF_A_SYSTEM)
NAMES = Patterns(BY_NAME)
