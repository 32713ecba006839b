"""The companion renderer: BigGAN paints what sounds, live, and to video files offline."""
