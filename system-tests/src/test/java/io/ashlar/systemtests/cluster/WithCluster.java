package io.ashlar.systemtests.cluster;

import java.nio.file.Path;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * Gives tests one healthy cluster, shared by all of them: each starts where the one before left
 * off, as clusters live, but for its volumes: comparing all copies takes long. One that was left
 * broken is replaced. A failure shows the nodes' logs.
 */
public final class WithCluster
        implements BeforeEachCallback,
                AfterAllCallback,
                ParameterResolver,
                TestExecutionExceptionHandler {
    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(WithCluster.class);

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        DevCluster cluster = cluster(context);
        System.out.println("==== " + context.getUniqueId().replaceAll(".*class:", ""));
        if (!healthy(cluster)) {
            System.out.println("starting a cluster in " + cluster.directory());
            cluster.destroy();
            cluster.start();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        DevCluster cluster = cluster(context);
        if (healthy(cluster)) {
            cluster.deleteVolumes();
        } else {
            cluster.destroy();
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == DevCluster.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return cluster(context);
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure)
            throws Throwable {
        System.out.println(cluster(context).logTails());
        throw failure;
    }

    private static boolean healthy(DevCluster cluster) throws InterruptedException {
        try {
            return !cluster.targetName().isEmpty() && cluster.isHealthy();
        } catch (java.io.IOException e) {
            return false;
        }
    }

    private static DevCluster cluster(ExtensionContext context) {
        return context.getRoot()
                .getStore(NAMESPACE)
                .computeIfAbsent(
                        DevCluster.class,
                        _ ->
                                new DevCluster(
                                        Path.of(System.getProperty("ashlar.home")),
                                        Path.of(System.getProperty("ashlar.target"), "cluster"),
                                        Integer.getInteger("ashlar.portOffset", 0)),
                        DevCluster.class);
    }
}
