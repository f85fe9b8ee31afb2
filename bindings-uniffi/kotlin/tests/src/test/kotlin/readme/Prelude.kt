// What the README's programs use and do not define.

package readme

import com.sun.net.httpserver.HttpServer
import java.net.InetAddress
import java.net.InetSocketAddress

suspend fun fetchUser(id: Int): String = "user $id"

fun publish(message: String): String = message

/** A server that answers everything with 200. */
val server: String by lazy {
    val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0)
    server.createContext("/") {
        it.sendResponseHeaders(200, -1)
        it.close()
    }
    server.start()
    "http://127.0.0.1:${server.address.port}/"
}
