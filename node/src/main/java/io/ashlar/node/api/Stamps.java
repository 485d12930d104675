package io.ashlar.node.api;

import io.ashlar.metadata.JobStamp;

/** Says in jobs that an operator asked this node, and when. */
record Stamps(LocalNode local) {
    JobStamp now() {
        return new JobStamp(local.self().node(), System.currentTimeMillis(), true);
    }
}
