"""The task of `prompting.task` for trainers: one thin file each."""
