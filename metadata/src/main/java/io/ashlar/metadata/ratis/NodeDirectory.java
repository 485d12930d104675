package io.ashlar.metadata.ratis;

import io.ashlar.common.WireFormatException;
import io.ashlar.metadata.engine.EngineConfig;
import io.ashlar.metadata.engine.EngineException;
import io.ashlar.metadata.wire.IdentityCodec;
import io.ashlar.metadata.wire.IdentityCodec.Identity;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a node's directory may be used, before Ratis sees it. Ratis formats what it does
 * not find, and a voter whose log was formatted votes again where it had voted: so nothing is
 * formatted unless the directory is empty and the operator said that the cluster is new, or the
 * node does not vote yet.
 *
 * <pre>
 * identity             whose directory it is, see IdentityCodec
 * lock                 held while a process uses the directory
 * raft/&lt;cluster id&gt;/   Ratis's log, vote and snapshots
 * removed/             where Ratis moves groups that it leaves
 * </pre>
 */
final class NodeDirectory implements AutoCloseable {
    /** What is to be done with the directory. */
    enum Use {
        /** It is ours and has a log. */
        RECOVER,
        /** It is empty, and the node one of the first voters. */
        FORMAT_AS_VOTER,
        /** It is empty, and the node waits until the voters take it in. */
        FORMAT_TO_JOIN
    }

    private static final long IDENTITY_FILE_BYTES_MAX = 4096;

    private final EngineConfig config;
    private final Path identityFile;
    private boolean isFirstUseInThisBoot = true;
    private @Nullable FileChannel lock;

    NodeDirectory(EngineConfig config) {
        this.config = config;
        this.identityFile = config.directory().resolve("identity");
    }

    Path raft() {
        return config.directory().resolve("raft");
    }

    Path removed() {
        return config.directory().resolve("removed");
    }

    Path group() {
        return raft().resolve(config.clusterId().toString());
    }

    /** Where Ratis keeps log and vote. */
    Path current() {
        return group().resolve("current");
    }

    /** Whether the host was started anew since the directory was used last. After {@link #open}. */
    boolean isFirstUseInThisBoot() {
        return isFirstUseInThisBoot;
    }

    /**
     * Takes the directory for this process, and looks at what it holds.
     *
     * @throws EngineException if it must not be used; the message says what to do
     */
    Use open() throws IOException {
        Files.createDirectories(raft());
        lock();
        boolean hasLog = Files.exists(current().resolve("raft-meta"));
        boolean isVoter = config.voters().stream().anyMatch(v -> v.node().equals(config.node()));
        if (Files.exists(identityFile)) {
            Identity identity = readIdentity();
            checkOwner(identity);
            isFirstUseInThisBoot = !identity.bootId().equals(config.bootId());
            if (hasLog) {
                return Use.RECOVER;
            }
            if (identity.isInUse()) {
                throw new EngineException(lost(config, "has lost its log"));
            }
            // The first start was cut short before the node could take part.
        } else if (!list(raft()).isEmpty()) {
            throw new EngineException(
                    "metadata directory "
                            + config.directory()
                            + " holds a log but not its identity file; restore the file, or rejoin:"
                            + " remove the node from the voters, empty the directory, start it"
                            + " without a vote, and add it again");
        }
        if (!isVoter) {
            return Use.FORMAT_TO_JOIN;
        }
        if (!config.bootstrap()) {
            throw new EngineException(lost(config, "is empty"));
        }
        return Use.FORMAT_AS_VOTER;
    }

    /** Says durably whose directory it is, before anything else is put there. */
    void claim(Use use) throws IOException {
        writeIdentity(use == Use.RECOVER);
    }

    /**
     * Makes what Ratis has formatted durable, and notes that from now on a missing log is a loss.
     */
    void confirm() throws IOException {
        for (Path directory : List.of(current(), group(), raft())) {
            RatisStateMachine.Directories.sync(directory);
        }
        writeIdentity(true);
    }

    private void writeIdentity(boolean isInUse) throws IOException {
        ByteBuf out = Unpooled.buffer(64);
        IdentityCodec.write(
                out, new Identity(config.clusterId(), config.node(), config.bootId(), isInUse));
        Path temporary = config.directory().resolve("identity.tmp");
        try (FileChannel channel =
                FileChannel.open(
                        temporary,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            ByteBuffer bytes = out.nioBuffer();
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(
                temporary,
                identityFile,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        RatisStateMachine.Directories.sync(config.directory());
    }

    /** Before anything is read: the tail of a log that another process writes looks torn. */
    private void lock() throws IOException {
        FileChannel channel =
                FileChannel.open(
                        config.directory().resolve("lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                lock = channel;
                return;
            }
            channel.close();
        } catch (OverlappingFileLockException e) {
            // Held within this process. The channel stays open: closing it would give up that lock.
        }
        throw new EngineException(
                "metadata directory "
                        + config.directory()
                        + " is in use by another process; stop that one first");
    }

    /** Lets others have the directory. */
    @Override
    public void close() throws IOException {
        FileChannel channel = lock;
        if (channel != null) {
            channel.close();
        }
    }

    private void checkOwner(Identity identity) {
        if (!identity.clusterId().equals(config.clusterId())) {
            throw new EngineException(
                    "metadata directory "
                            + config.directory()
                            + " belongs to cluster "
                            + identity.clusterId()
                            + ", and this node is configured for "
                            + config.clusterId()
                            + "; correct the cluster id, or give the node another directory");
        }
        if (!identity.node().equals(config.node())) {
            throw new EngineException(
                    "metadata directory "
                            + config.directory()
                            + " belongs to "
                            + identity.node()
                            + ", and this is "
                            + config.node()
                            + "; correct the node id, or give the node its own directory");
        }
    }

    static String lost(EngineConfig config, String what) {
        return "metadata directory "
                + config.directory()
                + " of voter "
                + config.node()
                + " "
                + what
                + ". A voter without its log could vote twice, so it does not start. If the"
                + " cluster is new, start it with bootstrap; else rejoin: remove the node from the"
                + " voters, empty the directory, start it without a vote, and add it again";
    }

    private Identity readIdentity() throws IOException {
        if (Files.size(identityFile) > IDENTITY_FILE_BYTES_MAX) {
            throw new EngineException(identityFile + " is no identity file; restore it");
        }
        try {
            return IdentityCodec.read(Unpooled.wrappedBuffer(Files.readAllBytes(identityFile)));
        } catch (WireFormatException e) {
            throw new EngineException(identityFile + ": " + e.getMessage(), e);
        }
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.toList();
        }
    }
}
