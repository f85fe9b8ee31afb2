# frozen_string_literal: true

# Net::HTTP, and a server that fails.

require_relative 'helper'
require 'net/http'
require 'socket'

class TestNetHttp < Minitest::Test
  ANSWERS = { '/ok' => '200 OK', '/missing' => '404 Not Found', '/sick' => "503 Sick\r\nRetry-After: 120" }.freeze

  def setup
    @server = TCPServer.new('127.0.0.1', 0)
    @arrived = 0
    @thread = Thread.new { loop { answer(@server.accept) } }
    @clock = HandClock.new
    @breaker = CircuitBreaker.new(
      failure_threshold: 2, clock: @clock, classify_result: CircuitBreaker::Classify::NET_HTTP
    )
  end

  def teardown
    @thread.kill.join
    @server.close
  end

  def answer(socket)
    path = socket.gets.split[1]
    nil until socket.gets == "\r\n"
    @arrived += 1
    return @hanging = socket if path == '/hang'

    socket.write("HTTP/1.1 #{ANSWERS.fetch(path)}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    socket.close
  end

  def get(path, **options)
    @breaker.call do
      Net::HTTP.start('127.0.0.1', @server.addr[1], max_retries: 0, **options) { |http| http.get(path) }
    end
  end

  def test_statuses_count_as_cores_table_says
    assert_equal '404', get('/missing').code
    assert_equal '503', get('/sick').code
    assert_equal [1, 1], [@breaker.metrics.success_count, @breaker.metrics.failure_count]
  end

  def test_an_open_circuit_sends_nothing_and_keeps_to_retry_after
    2.times { get('/sick') }
    rejection = assert_raises(CircuitBreaker::Error) { get('/ok') }
    assert_equal [120.0, 2], [rejection.retry_after, @arrived]
    @clock.advance(120)
    3.times { assert_equal '200', get('/ok').code }
    assert @breaker.closed?
  end

  def test_no_answer_and_no_server_are_failures
    assert_raises(Net::ReadTimeout) { get('/hang', read_timeout: 0.05) }
    @breaker.reset
    closed = TCPServer.new('127.0.0.1', 0)
    port = closed.addr[1]
    closed.close
    assert_raises(Errno::ECONNREFUSED) { @breaker.call { Net::HTTP.get(URI("http://127.0.0.1:#{port}/")) } }
    assert_equal 2, @breaker.metrics.failure_count
  end
end
