"""The companion renderer: image models follow the sound, live and in video files."""
