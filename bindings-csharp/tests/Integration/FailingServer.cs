using System;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Tests.Integration;

/// <summary>A real server on loopback that fails as it is told: it answers with a head, breaks the connection, or hangs.</summary>
internal sealed class FailingServer : IDisposable
{
    internal const string Hang = "hang";
    internal const string Break = "break";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private int _requests;

    internal FailingServer()
    {
        _listener.Start();
        _ = Accept();
    }

    /// <summary>What it answers with: a status line and headers.</summary>
    internal string Answer { get; set; } = "200 OK";

    internal int Requests => _requests;

    internal Uri Address => new($"http://{_listener.LocalEndpoint}/");

    public void Dispose()
    {
        _end.Cancel();
        _listener.Stop();
    }

    private async Task Accept()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                _ = Serve(await _listener.AcceptSocketAsync());
            }
            catch (SocketException)
            {
                return;
            }
        }
    }

    private async Task Serve(Socket socket)
    {
        using (socket)
        {
            var head = new StringBuilder();
            var buffer = new byte[4096];
            while (!head.ToString().Contains("\r\n\r\n"))
            {
                int read = await socket.ReceiveAsync(buffer, SocketFlags.None);
                // A TLS handshake is not what this server speaks.
                if (read == 0 || buffer[0] == 0x16)
                {
                    return;
                }
                head.Append(Encoding.ASCII.GetString(buffer, 0, read));
            }
            Interlocked.Increment(ref _requests);
            if (Answer == Hang)
            {
                await Task.Delay(Timeout.Infinite, _end.Token).ContinueWith(_ => { });
            }
            else if (Answer == Break)
            {
                // Zero seconds to linger: a reset, not a polite end.
                socket.LingerState = new LingerOption(true, 0);
            }
            else
            {
                await socket.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {Answer}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"), SocketFlags.None);
            }
        }
    }
}
