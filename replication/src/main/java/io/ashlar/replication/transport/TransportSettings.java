package io.ashlar.replication.transport;

import io.ashlar.common.ProcessId;
import io.ashlar.common.RandomSource;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * What both lanes of a transport share.
 *
 * @param random for the jitter between attempts to connect; used by several threads
 * @param onBug gets what a {@link io.ashlar.replication.MessageFamily} throws
 * @param queueBytesMax memory that may wait for one stream
 * @param isLaden whether what has come in already is as much as this process can hold; asked often,
 *     by several threads
 */
record TransportSettings(
        ProcessId self,
        UUID cluster,
        PeerAddresses addresses,
        RandomSource random,
        Consumer<Throwable> onBug,
        long queueBytesMax,
        BooleanSupplier isLaden) {}
