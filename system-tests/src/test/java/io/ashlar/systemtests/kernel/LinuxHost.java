package io.ashlar.systemtests.kernel;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What an administrator of a Linux host does with a volume, done in a {@link Guest}. */
final class LinuxHost {
    /** The one multipath device. */
    static final String DEVICE = "/dev/mapper/mpatha";

    private static final Duration SHORT = Duration.ofSeconds(30);
    private static final Duration LONG = Duration.ofSeconds(90);

    /** Silence is noticed after 4 s, and a path that is gone for 5 s gives its commands back. */
    private static final String SETTINGS =
            """
            set -e
            for setting in node.session.timeo.replacement_timeout=5 \\
                'node.conn[0].timeo.noop_out_interval=2' 'node.conn[0].timeo.noop_out_timeout=2'; do
                iscsiadm -m node -o update -n "${setting%%=*}" -v "${setting#*=}"
            done
            cat > /etc/multipath.conf << 'END'
            defaults {
                find_multipaths no
                user_friendly_names yes
                path_grouping_policy group_by_prio
                prio alua
                path_checker tur
                polling_interval 2
                no_path_retry 60
                failback immediate
            }
            END
            """;

    /**
     * Rounds of verified writes by fio past the page cache, each with data of its own, and of files
     * that go through it; until it is told to end. A round that fails is the last.
     */
    private static final String LOAD =
            """
            cat > /tmp/load << 'END'
            round=0
            while [ ! -e /tmp/enough ]; do
                round=$((round + 1))
                fio --name=verify --filename=/mnt/fio --direct=1 --ioengine=libaio --rw=randwrite \\
                    --bs=4k --iodepth=8 --size=2m --verify=crc32c --verify_fatal=1 --do_verify=1 \\
                    --randseed=$round --fallocate=none \\
                    --output=/tmp/fio.$round --output-format=json || { echo "fio: $?"; exit 1; }
                cp /usr/bin/multipathd /mnt/copy.$((round % 4)) || exit 2
                sync -f /mnt/copy.$((round % 4)) || exit 3
                echo 1 > /proc/sys/vm/drop_caches
                cmp /usr/bin/multipathd /mnt/copy.$((round % 4)) || exit 4
                echo "$round" > /tmp/rounds.new && mv /tmp/rounds.new /tmp/rounds # never half there
            done
            END
            echo 0 > /tmp/rounds
            rm -f /tmp/enough /tmp/load.status /tmp/fio.*
            setsid bash -c 'bash /tmp/load > /tmp/load.out 2>&1; echo $? > /tmp/load.status' > /dev/null 2>&1 &
            """;

    /** With the commands that make it, and that look for damage without mending. */
    enum FileSystem {
        EXT4("mkfs.ext4 -q -F", "e2fsck -fn"),
        XFS("mkfs.xfs -q -f", "xfs_repair -n");

        private final String make;
        private final String check;

        FileSystem(String make, String check) {
            this.make = make;
            this.check = check;
        }
    }

    private final Guest guest;

    LinuxHost(Guest guest) {
        this.guest = guest;
    }

    /**
     * Has it prove itself at each login, to discover too, and ask the same of the target: mutual
     * CHAP, SHA-256 first.
     */
    void authenticate(String name, String secret, String targetName, String targetSecret)
            throws IOException, InterruptedException {
        String script =
                """
                for what in discovery.sendtargets node.session; do
                    echo "$what.auth.authmethod = CHAP"
                    echo "$what.auth.username = %1$s"
                    echo "$what.auth.password = %2$s"
                    echo "$what.auth.username_in = %3$s"
                    echo "$what.auth.password_in = %4$s"
                done >> /etc/iscsi/iscsid.conf
                echo "node.session.auth.chap_algs = SHA256,MD5" >> /etc/iscsi/iscsid.conf
                """;
        guest.run(SHORT, script.formatted(name, secret, targetName, targetSecret)).orThrow();
    }

    /** What a discovery that is refused says. */
    String refusal(String portal) throws IOException, InterruptedException {
        String script = "! iscsiadm -m discovery -t sendtargets -p " + portal;
        return guest.run(SHORT, script).orThrow().output();
    }

    /** The disks that it has of all sessions together, one for each unit and path. */
    int disks() throws IOException, InterruptedException {
        String script = "ls -d /sys/block/sd* | wc -l";
        return Integer.parseInt(guest.run(SHORT, script).orThrow().output().strip());
    }

    /** SendTargets: lines such as "198.51.100.11:3260,1 iqn...". */
    List<String> discover(String portal) throws IOException, InterruptedException {
        String script = "iscsiadm -m discovery -t sendtargets -p " + portal;
        return guest.run(SHORT, script).orThrow().output().lines().toList();
    }

    /** Logs in to all portals that were found, and puts their paths together. */
    void login() throws IOException, InterruptedException {
        guest.run(SHORT, SETTINGS).orThrow();
        guest.run(LONG, "iscsiadm -m node --login && udevadm settle && multipathd").orThrow();
    }

    /** The multipath device, without any groups if there is none yet. */
    Multipath multipath() throws IOException, InterruptedException {
        return Multipath.parse(multipathText(), portals());
    }

    String multipathText() throws IOException, InterruptedException {
        return guest.run(SHORT, "multipath -ll").orThrow().output();
    }

    /** For the report of a failure. */
    String state() throws IOException, InterruptedException {
        String script =
                "multipath -ll; cat /tmp/rounds; cat /tmp/load.*; tail -n 30 /tmp/fio.*; top -bn1 | head -20";
        return guest.run(SHORT, script).output();
    }

    /**
     * Sets a target port group active/optimized, by whatever path comes first, once its node offers
     * that.
     */
    void setOptimized(int group) throws IOException, InterruptedException {
        String script =
                """
                disk=$(ls /dev/sd* | head -1)
                for i in {1..50}; do sg_inq $disk | grep TPGS=3 && break; sleep 0.1; done
                sg_stpg -v --tp=%d --state=ao $disk
                """;
        System.out.print(guest.run(SHORT, script.formatted(group)).orThrow().output());
    }

    private Map<String, String> portals() throws IOException, InterruptedException {
        String script =
                """
                for disk in /sys/block/sd*; do
                    session=$(readlink -f $disk | grep -o 'session[0-9]*' | head -1)
                    echo "${disk##*/} $(cat /sys/class/iscsi_connection/connection${session#session}:0/persistent_address)"
                done
                """;
        Map<String, String> portals = new HashMap<>();
        for (String line : guest.run(SHORT, script).orThrow().output().lines().toList()) {
            String[] words = line.split(" ", -1);
            portals.put(words[0], words[1]);
        }
        return portals;
    }

    void makeFileSystem(FileSystem type) throws IOException, InterruptedException {
        String mount = "%s %s && mount -t %s %s /mnt";
        String name = type.name().toLowerCase(Locale.ROOT);
        guest.run(LONG, mount.formatted(type.make, DEVICE, name, DEVICE)).orThrow();
    }

    void startLoad() throws IOException, InterruptedException {
        guest.run(SHORT, LOAD).orThrow();
    }

    /**
     * Waits for more rounds of the load; returns how many are done then.
     *
     * @throws AssertionError if it has failed, or takes longer
     */
    int awaitRounds(int more, Duration timeout) throws IOException, InterruptedException {
        String script =
                """
                enough=$(($(cat /tmp/rounds) + %d))
                while [ $(cat /tmp/rounds) -lt $enough ]; do
                    [ ! -e /tmp/load.status ] || { cat /tmp/load.out /tmp/fio.*; exit 1; }
                    sleep 0.5
                done
                cat /tmp/rounds
                """
                        .formatted(more);
        return Integer.parseInt(guest.run(timeout, script).orThrow().output().strip());
    }

    /** Ends the load after its present round; returns how long fio's longest command took, in s. */
    double finishLoad() throws IOException, InterruptedException {
        String script =
                """
                touch /tmp/enough
                while [ ! -e /tmp/load.status ]; do sleep 0.2; done
                [ "$(cat /tmp/load.status)" = 0 ] || { cat /tmp/load.out /tmp/fio.*; exit 1; }
                awk '/"lat_ns"/ {l = 1} l && /"max"/ {l = 0; if ($3 + 0 > m) m = $3 + 0} END {print m / 1e9}' /tmp/fio.*
                """;
        return Double.parseDouble(guest.run(LONG, script).orThrow().output().strip());
    }

    /** How many paths have told the kernel that the size is another one. */
    long toldOfCapacity() throws IOException, InterruptedException {
        return guest.kernelLog()
                .lines()
                .filter(line -> line.contains("Capacity data has changed"))
                .count();
    }

    /** Looks for the new size by all paths; returns that of the multipath device, in bytes. */
    long rescan() throws IOException, InterruptedException {
        String script =
                """
                for disk in /sys/block/sd*; do echo 1 > $disk/device/rescan; done
                multipathd resize map mpatha > /tmp/resize
                cat /tmp/resize >&2
                blockdev --getsize64 %s
                """;
        String output = guest.run(SHORT, script.formatted(DEVICE)).orThrow().output();
        return Long.parseLong(output.lines().toList().getLast());
    }

    /** Has ext4 use all of the device while it is mounted; returns its size in bytes. */
    long growFileSystem() throws IOException, InterruptedException {
        String script = "resize2fs %s && stat -f -c '%%b %%S' /mnt";
        String output = guest.run(LONG, script.formatted(DEVICE)).orThrow().output();
        String[] words = output.lines().toList().getLast().split(" ", -1);
        return Long.parseLong(words[0]) * Long.parseLong(words[1]);
    }

    /** Writes a range of the device that no file system has, and reads it again. */
    void verify(long offset, long bytes) throws IOException, InterruptedException {
        String script =
                """
                fio --name=range --filename=%s --offset=%d --size=%d --direct=1 --ioengine=libaio \
                    --rw=write --bs=1m --iodepth=8 --verify=crc32c --verify_fatal=1 --do_verify=1
                """;
        guest.run(LONG, script.formatted(DEVICE, offset, bytes)).orThrow();
    }

    /** Unmounts and checks the file system; reports anything that it would have to mend. */
    void checkFileSystem(FileSystem type) throws IOException, InterruptedException {
        guest.run(LONG, "umount /mnt && " + type.check + " " + DEVICE).orThrow();
    }

    /** What the kernel has said of errors that a file system or the multipath device saw. */
    List<String> errors() throws IOException, InterruptedException {
        return guest.kernelLog()
                .lines()
                .filter(line ->
                        line.matches(
                                "(?s).*(I/O error.*dm-|Buffer I/O error.*dm-|EXT4-fs"
                                        + " (error|warning)|XFS .*(error|shut)|Aborting"
                                        + " journal|lost (async|sync) page).*"))
                .toList();
    }
}
