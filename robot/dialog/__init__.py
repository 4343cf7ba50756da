"""What the robot says next: pure functions over a flow, a state and an event."""
