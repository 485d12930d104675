package io.ashlar.systemtests.iscsi;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The least target that the initiator can talk to, for tests of the initiator: what it answers to a
 * SCSI command is up to the test, silence included. All data of a write comes with its command.
 */
public final class ScriptedTarget implements AutoCloseable {
    /** What a test wants of one SCSI command. */
    public sealed interface Reply {
        /** A status with data, or with sense data. */
        record Status(int status, byte[] sense, byte[] data) implements Reply {}

        /** No answer, ever. */
        record Silence() implements Reply {}

        /** A Data-In whose DataSN is wrong. */
        record WrongDataSn(byte[] data) implements Reply {}

        /** A NOP-In that wants an answer; when that has come, the other reply. */
        record AfterPing(Reply reply) implements Reply {}
    }

    /** Answers SCSI commands. Called on the connection's thread. */
    @FunctionalInterface
    public interface Script {
        Reply reply(byte[] cdb, byte[] dataOut);
    }

    private static final byte[] NONE = new byte[0];
    private static final int WINDOW = 32;

    private final ServerSocket server;
    private final Script script;
    private final boolean answersTaskManagement;
    private final List<String> journal = new CopyOnWriteArrayList<>();
    private final List<Socket> connections = new CopyOnWriteArrayList<>();

    public ScriptedTarget(boolean answersTaskManagement, Script script) throws IOException {
        this.script = script;
        this.answersTaskManagement = answersTaskManagement;
        this.server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    public static Reply good(byte[] data) {
        return new Reply.Status(ScsiResult.GOOD, NONE, data);
    }

    public static Reply status(int status) {
        return new Reply.Status(status, NONE, NONE);
    }

    public static Reply sense(int key, int asc) {
        byte[] sense = new byte[18];
        sense[0] = 0x70;
        sense[2] = (byte) key;
        sense[7] = 10;
        sense[12] = (byte) (asc >> 8);
        sense[13] = (byte) asc;
        return new Reply.Status(ScsiResult.CHECK_CONDITION, sense, NONE);
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    /** What came, other than SCSI commands: "login", "abort", "pong", "logout". */
    public List<String> journal() {
        return List.copyOf(journal);
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket connection : connections) {
            connection.close();
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = server.accept();
                connections.add(socket);
                Thread.ofVirtual()
                        .start(() -> {
                            try (socket) {
                                new Connection(socket).serve();
                            } catch (IOException e) {
                                // The initiator left, or the test is over.
                            }
                        });
            }
        } catch (IOException e) {
            // Closed: the only way out.
        }
    }

    private final class Connection {
        private final DataInputStream in;
        private final OutputStream out;
        private int statSn = 1;
        private int expCmdSn;
        private boolean open = true;
        private Pdu waitingForPong;
        private Reply afterPong;

        Connection(Socket socket) throws IOException {
            in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
            out = new BufferedOutputStream(socket.getOutputStream());
        }

        void serve() throws IOException {
            while (open) {
                Pdu pdu = Pdu.read(in);
                boolean isFirst = pdu.opcode() == Opcode.LOGIN_REQUEST;
                if (isFirst) {
                    expCmdSn = pdu.int32(24);
                } else if (!pdu.isImmediate() && pdu.opcode() != Opcode.DATA_OUT) {
                    expCmdSn++;
                }
                receive(pdu);
                out.flush();
            }
        }

        private void receive(Pdu pdu) throws IOException {
            switch (pdu.opcode()) {
                case Opcode.LOGIN_REQUEST -> login(pdu);
                case Opcode.SCSI_COMMAND -> command(pdu);
                case Opcode.TASK_MANAGEMENT_REQUEST -> {
                    journal.add("abort");
                    if (answersTaskManagement) {
                        send(answer(Opcode.TASK_MANAGEMENT_RESPONSE, pdu, NONE));
                    }
                }
                case Opcode.NOP_OUT -> {
                    journal.add("pong");
                    if (waitingForPong != null) {
                        reply(waitingForPong, afterPong);
                    }
                }
                case Opcode.LOGOUT_REQUEST -> {
                    journal.add("logout");
                    send(answer(Opcode.LOGOUT_RESPONSE, pdu, NONE));
                    open = false;
                }
                default -> throw new IOException("not scripted: " + pdu);
            }
        }

        private void login(Pdu pdu) throws IOException {
            int next = pdu.int8(1) & 3;
            Map<String, String> keys = new LinkedHashMap<>();
            if (next == 3) {
                journal.add("login");
                keys.put("MaxRecvDataSegmentLength", "1048576");
                keys.put("ImmediateData", "Yes");
                keys.put("InitialR2T", "Yes");
                keys.put("FirstBurstLength", "65536");
                keys.put("MaxBurstLength", "1048576");
            }
            Pdu response = answer(Opcode.LOGIN_RESPONSE, pdu, TextKeys.encode(keys));
            send(response.set8(1, pdu.int8(1)));
        }

        private void command(Pdu pdu) throws IOException {
            byte[] cdb = new byte[16];
            for (int i = 0; i < cdb.length; i++) {
                cdb[i] = (byte) pdu.int8(32 + i);
            }
            reply(pdu, script.reply(cdb, pdu.data()));
        }

        private void reply(Pdu command, Reply reply) throws IOException {
            switch (reply) {
                case Reply.Silence() -> {}
                case Reply.AfterPing(Reply then) -> {
                    waitingForPong = command;
                    afterPong = then;
                    Pdu ping = Pdu.of(Opcode.NOP_IN, false).set8(1, 0x80);
                    ping.set32(16, Pdu.RESERVED_TAG).set32(20, 7).set32(24, statSn);
                    send(window(ping));
                }
                case Reply.WrongDataSn(byte[] data) ->
                        send(dataIn(command, data).set32(36, 5).set8(1, 0x80));
                case Reply.Status(int status, byte[] sense, byte[] data) -> {
                    if (data.length > 0) {
                        send(dataIn(command, data).set8(1, 0x80));
                    }
                    byte[] segment =
                            sense.length == 0
                                    ? NONE
                                    : ByteBuffer.allocate(2 + sense.length)
                                            .putShort((short) sense.length)
                                            .put(sense)
                                            .array();
                    int missing = command.int32(20) - data.length;
                    boolean isRead = (command.int8(1) & 0x40) != 0;
                    Pdu response = answer(Opcode.SCSI_RESPONSE, command, segment).set8(3, status);
                    if (isRead && missing > 0) {
                        response.set8(1, 0x82).set32(44, missing);
                    }
                    send(response);
                }
            }
        }

        private Pdu dataIn(Pdu command, byte[] data) {
            Pdu pdu = Pdu.of(Opcode.DATA_IN, false, data, 0, data.length);
            return window(pdu.set32(16, command.initiatorTaskTag()));
        }

        /** A PDU that takes the next StatSN. */
        private Pdu answer(int opcode, Pdu request, byte[] data) {
            Pdu pdu = Pdu.of(opcode, false, data, 0, data.length).set8(1, 0x80);
            return window(pdu.set32(16, request.initiatorTaskTag()).set32(24, statSn++));
        }

        private Pdu window(Pdu pdu) {
            return pdu.set32(28, expCmdSn).set32(32, expCmdSn + WINDOW - 1);
        }

        private void send(Pdu pdu) throws IOException {
            pdu.write(out);
        }
    }
}
