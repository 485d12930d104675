package io.ashlar.node.api;

import java.net.http.HttpClient;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/** Clients for the nodes' interface as long as it has no TLS. */
public final class PlainHttp {
    private PlainHttp() {}

    /**
     * A client that trusts nobody, so that it does not read the JDK's whole list of authorities
     * first, which takes longer than the requests.
     */
    public static HttpClient.Builder client(Duration connectTimeout) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[0], new SecureRandom());
            return HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .sslContext(context)
                    .connectTimeout(connectTimeout);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every JDK has TLS
        }
    }
}
