package io.ashlar.chunkstore;

import io.ashlar.common.Payload;
import java.util.List;

/**
 * What a device holds of a placement group besides its chunks.
 *
 * @param log in order
 * @param committed highest sequence noted as committed, 0 if none
 * @param state what {@link StoreOp.PutState} stored last, empty if nothing
 */
public record GroupContents(List<LogEntry> log, long committed, Payload state) {}
