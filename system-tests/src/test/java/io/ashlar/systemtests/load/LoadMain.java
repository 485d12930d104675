package io.ashlar.systemtests.load;

import io.ashlar.systemtests.iscsi.Discovery;
import io.ashlar.systemtests.iscsi.SessionOptions;
import io.ashlar.systemtests.multipath.MultipathClient;
import io.ashlar.systemtests.multipath.MultipathOptions;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The verifying load by hand, against any iSCSI target: {@code LoadMain TARGET LUN SECONDS
 * HOST:PORT...}. It overwrites the beginning of the logical unit.
 */
final class LoadMain {
    private LoadMain() {}

    public static void main(String[] arguments) throws Exception {
        List<SessionOptions> sessions = new ArrayList<>();
        for (String portal : List.of(arguments).subList(3, arguments.length)) {
            String[] parts = portal.split(":");
            InetSocketAddress address = new InetSocketAddress(parts[0], Integer.parseInt(parts[1]));
            System.out.println(Discovery.sendTargets(address, Duration.ofSeconds(10)));
            sessions.add(SessionOptions.of(address, arguments[0]));
        }
        int lun = Integer.parseInt(arguments[1]);
        Duration seconds = Duration.ofSeconds(Long.parseLong(arguments[2]));
        try (MultipathClient client =
                MultipathClient.open(sessions, lun, MultipathOptions.DEFAULT)) {
            VerifyingLoad load = new VerifyingLoad(LoadPlan.DEFAULT);
            load.fill(client);
            System.out.println("filled; " + client.describePaths());
            load.start(client);
            long end = System.nanoTime() + seconds.toNanos();
            while (System.nanoTime() < end && !load.hasFailed()) {
                Thread.sleep(1000);
            }
            try {
                System.out.println(load.stop(Duration.ofSeconds(150)));
                load.verifyAll(client);
                System.out.println("all sectors are right");
            } finally {
                System.out.println(client.log());
                client.log().lines().forEach(System.out::println);
                client.log().violations().forEach(System.out::println);
            }
        }
    }
}
