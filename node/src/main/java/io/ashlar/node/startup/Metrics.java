package io.ashlar.node.startup;

import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.common.ProcessId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.replication.ReplicationCounters;
import io.ashlar.replication.ReplicationNode;
import io.ashlar.volume.VolumeCounters;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;

/** The node's metrics, in Prometheus' text format. */
final class Metrics implements AutoCloseable {
    private final PrometheusMeterRegistry registry =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics garbageCollection = new JvmGcMetrics();

    Metrics(
            ProcessId self,
            MetadataClient metadata,
            ReplicationNode replication,
            VolumeCounters volumes) {
        ReplicationCounters groups = replication.counters();
        new ClassLoaderMetrics().bindTo(registry);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        garbageCollection.bindTo(registry);

        control(
                "ashlar.control.in_touch",
                metadata,
                m -> m.isInTouch() ? 1 : 0,
                "hears of a leader");
        control(
                "ashlar.control.leader",
                metadata,
                m -> m.isLeader() ? 1 : 0,
                "leads the control plane");
        control("ashlar.control.index", metadata, m -> m.state().index(), "log index of the view");
        control(
                "ashlar.groups.primary",
                metadata,
                m -> primaries(m.state(), self),
                "placement groups that this process leads");
        control(
                "ashlar.groups.member",
                metadata,
                m -> memberships(m.state(), self),
                "placement groups that this process is an in-sync member of");
        counter("ashlar.groups.reads", groups.reads, "reads answered as primary");
        counter("ashlar.groups.read.bytes", groups.readBytes, "bytes of these");
        counter("ashlar.groups.writes", groups.writes, "writes and trims committed as primary");
        counter("ashlar.groups.written.bytes", groups.writtenBytes, "bytes of these");
        counter("ashlar.groups.fenced", groups.fenced, "requests of an older access epoch");
        counter("ashlar.groups.stale", groups.stale, "messages of an older group epoch");
        counter("ashlar.groups.corrupt.blocks", groups.corrupt, "blocks found damaged");
        counter("ashlar.groups.repaired.blocks", groups.repaired, "of these, repaired");
        counter("ashlar.groups.scrubbed.bytes", groups.scrubbedBytes, "bytes compared by scrubs");
        counter(
                "ashlar.groups.inconsistent.blocks",
                groups.inconsistent,
                "blocks of which intact copies differed, which must never be");
        counter(
                "ashlar.groups.unrecoverable.blocks",
                groups.unrecoverable,
                "times that a scrub found no intact copy of a block");
        counter("ashlar.groups.learners", groups.learners, "learners that began, also anew");
        counter("ashlar.groups.copied.bytes", groups.copiedBytes, "bytes copied to learners");
        counter(
                "ashlar.groups.copies.held.back",
                groups.heldBack,
                "times that a copy to a learner waited for the rate, or for the learner");
        Gauge.builder(
                        "ashlar.groups.copy.rate",
                        replication.copies(),
                        copies -> copies.bytesPerSecond())
                .baseUnit("bytes")
                .description("bytes per second that may be copied to learners now")
                .register(registry);
        Gauge.builder(
                        "ashlar.groups.copies.in.flight",
                        replication.copies(),
                        copies -> copies.bytesInFlight())
                .baseUnit("bytes")
                .description("bytes that learners have not confirmed")
                .register(registry);
        counter("ashlar.groups.leads", groups.leads, "times that this node took a lead");
        counter("ashlar.volumes.admitted", volumes.admitted, "parts of commands admitted as owner");
        counter("ashlar.volumes.held", volumes.held, "parts held during planned moves");
        counter("ashlar.volumes.forwarded", volumes.forwarded, "parts sent on to a new owner");
        counter("ashlar.volumes.ingress.switches", volumes.ingressSwitches, "hosts' path changes");
        counter("ashlar.volumes.taken", volumes.changes, "times that a volume came to be served");
        counter("ashlar.volumes.moved", volumes.moved, "planned moves from here that were made");
        counter("ashlar.volumes.not.moved", volumes.notMoved, "planned moves that were given up");
        volumes.refusals()
                .forEach((reason, sum) ->
                        FunctionCounter.builder(
                                        "ashlar.volumes.refused", sum, LongAdder::doubleValue)
                                .description("parts of commands refused by fences as owner")
                                .tags(Tags.of("reason", reason.name().toLowerCase(Locale.ROOT)))
                                .register(registry));
    }

    /** Shows a device, from now on. */
    void add(ChunkDevice device) {
        Tags tags = Tags.of("device", device.id().toString());
        Gauge.builder("ashlar.device.capacity", device, d -> d.space().capacityBytes())
                .baseUnit("bytes")
                .tags(tags)
                .register(registry);
        Gauge.builder("ashlar.device.used", device, d -> d.space().usedBytes())
                .baseUnit("bytes")
                .tags(tags)
                .register(registry);
        Gauge.builder(
                        "ashlar.device.filesystem.used",
                        device,
                        d -> d.space().fileSystem().usedBytes())
                .baseUnit("bytes")
                .description("taken of the file system that the device lies on, by anybody")
                .tags(tags)
                .register(registry);
        Gauge.builder(
                        "ashlar.device.filesystem.free",
                        device,
                        d -> d.space().fileSystem().freeBytes())
                .baseUnit("bytes")
                .description("that the node could still take of it")
                .tags(tags)
                .register(registry);
        Gauge.builder(
                        "ashlar.device.writable",
                        device,
                        d -> d.space().writable() && d.failure().isEmpty() ? 1 : 0)
                .tags(tags)
                .register(registry);
    }

    private void control(
            String name,
            MetadataClient metadata,
            ToDoubleFunction<MetadataClient> value,
            String description) {
        Gauge.builder(name, metadata, value).description(description).register(registry);
    }

    private void counter(String name, LongAdder value, String description) {
        FunctionCounter.builder(name, value, LongAdder::doubleValue)
                .description(description)
                .register(registry);
    }

    private static double primaries(ControlState state, ProcessId self) {
        return state.placementGroups().values().stream().filter(g -> g.isPrimary(self)).count();
    }

    private static double memberships(ControlState state, ProcessId self) {
        return state.placementGroups().values().stream().filter(g -> g.isMember(self)).count();
    }

    String scrape() {
        return registry.scrape();
    }

    @Override
    public void close() {
        garbageCollection.close();
        registry.close();
    }
}
