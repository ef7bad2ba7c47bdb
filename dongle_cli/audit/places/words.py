"""The words for places: stable, in every finding and policy; each with what people call it."""

from __future__ import annotations

from dongle_cli.i18n import N_, _

WORDS: dict[str, str] = {
    # A person's own folders, wherever the registry has moved them.
    "desktop": N_("desktop"),
    "documents": N_("documents folder"),
    "downloads": N_("downloads folder"),
    "pictures": N_("pictures folder"),
    "music": N_("music folder"),
    "videos": N_("videos folder"),
    "templates": N_("templates folder"),
    "profile": N_("elsewhere in a person's folder"),
    "public": N_("folder shared by all users"),
    "default-profile": N_("template of new profiles"),
    "profile-leftover": N_("profile that no account has"),
    # What programs keep without being asked.
    "onedrive": N_("copy kept by OneDrive"),
    "csc": N_("Offline Files"),
    "outlook": N_("Outlook data files"),
    "outlook-attachments": N_("attachments opened in Outlook"),
    "mail": N_("mail kept by a program"),
    "office-unsaved": N_("Office files that were never saved"),
    "office-recovery": N_("files recovered by Office"),
    "office-cache": N_("Office upload cache"),
    "office-temp": N_("Office temporary file"),
    "teams": N_("Teams"),
    "browser-downloads": N_("downloaded by a browser"),
    "browser-cache": N_("browser cache"),
    "inetcache": N_("internet cache of Windows"),
    "app-data": N_("data of programs"),
    "recent": N_("recently used files"),
    "thumbnails": N_("thumbnails"),
    "rdp-cache": N_("remote desktop cache"),
    "clipboard": N_("clipboard history"),
    "temp": N_("temporary files"),
    "print-spool": N_("print queue"),
    # What is thrown away, hidden or old.
    "recycle-bin": N_("Recycle Bin"),
    "deleted": N_("deleted, not overwritten"),
    "stream": N_("alternate data stream"),
    "shadow": N_("volume shadow copy"),
    "windows-old": N_("previous Windows"),
    "windows-setup": N_("Windows setup files"),
    "found": N_("pieces saved by a disk check"),
    # Everything else.
    "wsl": N_("Linux inside Windows (WSL)"),
    "system": N_("operating system"),
    "programs": N_("installed programs"),
    "container-storage": N_("storage of containers"),
    "other-volume": N_("other volume"),
    "folder": N_("other folder"),
    "settings": N_("settings"),
}


def label(word: str) -> str:
    """The place in the reader's language; a word that is none of ours as it stands."""
    return _(WORDS[word]) if word in WORDS else word
