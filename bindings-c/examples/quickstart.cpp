// The quickstart in C++17: an HTTP client on plain sockets, guarded by a circuit breaker, against a
// server that falls ill and gets well again. The server is a thread of this program.
//
//   c++ -std=c++17 quickstart.cpp $(pkg-config --cflags --libs k1s0_circuit_breaker) -lpthread

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

#include "k1s0/circuit_breaker.hpp"

namespace {

class server {
public:
    std::atomic<bool> ill{false};
    std::atomic<int> requests{0};

    server() {
        sockaddr_in address{};
        socklen_t length = sizeof address;
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto *any = reinterpret_cast<sockaddr *>(&address);
        if (listener_ < 0 || bind(listener_, any, length) != 0 || listen(listener_, 16) != 0 ||
            getsockname(listener_, any, &length) != 0) {
            throw std::runtime_error("no server");
        }
        address_ = address;
        thread_ = std::thread([this] { serve(); });
    }
    ~server() {
        shutdown(listener_, SHUT_RDWR);
        close(listener_);
        thread_.join();
    }

    const sockaddr_in &address() const { return address_; }

private:
    void serve() {
        for (int connection; (connection = accept(listener_, nullptr, nullptr)) >= 0;) {
            char request[1024];
            if (read(connection, request, sizeof request) > 0) {
                const std::string answer = ill ? "HTTP/1.1 503 Service Unavailable\r\n\r\n"
                                               : "HTTP/1.1 200 OK\r\n\r\n";
                requests++;
                if (write(connection, answer.data(), answer.size()) < 0) {
                    std::perror("write");
                }
            }
            close(connection);
        }
    }

    int listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address_{};
    std::thread thread_;
};

// The client, without a breaker. Throws if there is no answer.
int fetch(const sockaddr_in &address) {
    const std::string request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char answer[256] = "";
    int status = 0;
    const int connection = socket(AF_INET, SOCK_STREAM, 0);
    const bool answered =
        connect(connection, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0 &&
        write(connection, request.data(), request.size()) > 0 &&
        read(connection, answer, sizeof answer - 1) > 0 &&
        std::sscanf(answer, "HTTP/1.1 %d", &status) == 1;
    close(connection);
    if (!answered) {
        throw std::runtime_error("no answer");
    }
    return status;
}

k1s0::outcome by_status(int status) {
    k1s0_cb_outcome outcome = K1S0_CB_FAILURE;
    k1s0_cb_classify_http_status(status, &outcome);
    return static_cast<k1s0::outcome>(outcome);
}

void expect(const char *what, long long expected, long long found) {
    if (expected != found) {
        std::cerr << what << ": " << expected << " expected, " << found << " found\n";
        std::exit(1);
    }
}

} // namespace

int main() {
    server service;
    k1s0::circuit_breaker_config config;
    config.failure_threshold = 3;
    config.success_threshold = 1;
    config.timeout = std::chrono::milliseconds(100);
    k1s0::circuit_breaker breaker(
        config, k1s0::circuit_breaker::steady(), [](const k1s0::transition &it) {
            std::cout << "  " << k1s0_cb_state_name(it.from) << " -> " << k1s0_cb_state_name(it.to)
                      << " (" << k1s0_cb_reason_name(it.reason) << ")\n";
        });
    const auto guarded = [&] {
        const int status = breaker.call([&] { return fetch(service.address()); }, by_status);
        std::cout << "GET / " << status << "\n";
        return status;
    };

    std::cout << "the server is well\n";
    expect("status", 200, guarded());

    std::cout << "the server is ill\n";
    service.ill = true;
    for (int i = 0; i < 3; i++) {
        expect("status", 503, guarded());
    }
    k1s0::nanoseconds wait{0};
    for (int i = 0; i < 5; i++) {
        try {
            guarded();
            expect("made", 0, 1);
        } catch (const k1s0::circuit_open_error &error) {
            wait = error.retry_after().value();
        }
    }
    std::cout << "5 calls not made; come back in " << wait.count() / 1000000 << " ms\n";
    expect("requests that the server has seen", 4, service.requests);

    std::cout << "the server is well again\n";
    service.ill = false;
    std::this_thread::sleep_for(wait);
    expect("status", 200, guarded());

    const k1s0_cb_metrics metrics = breaker.metrics();
    std::cout << "success " << metrics.success << ", failure " << metrics.failure << ", rejected "
              << metrics.rejected << "\n";
    expect("closed", 1, breaker.state() == k1s0::state::closed);
    expect("successes", 2, static_cast<long long>(metrics.success));
    expect("failures", 3, static_cast<long long>(metrics.failure));
    expect("rejections", 5, static_cast<long long>(metrics.rejected));
    expect("transitions", 3, static_cast<long long>(metrics.transitions));
}
