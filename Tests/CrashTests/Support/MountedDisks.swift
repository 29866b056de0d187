import Testing

/// Tests that mount something, one after the other.
@Suite(.serialized, .timeLimit(.minutes(4))) struct MountedDisks {}
