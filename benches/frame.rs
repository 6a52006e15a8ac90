//! Drawing frames: to be measured once there are frames to draw.
fn main() {}
