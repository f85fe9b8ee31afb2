# frozen_string_literal: true

# The README's programs, each run by a Ruby of its own; what they print is what they say.

require_relative 'helper'
require 'open3'
require 'rbconfig'

class TestReadme < Minitest::Test
  README = [File.join(__dir__, 'README.md'), File.join(__dir__, '../README.md')].find { |it| File.exist?(it) }
  PROGRAMS = File.read(README).scan(/```ruby\n(.*?)```/m).flatten
  # What the programs use and do not define.
  PRELUDE = <<~RUBY
    require 'socket'
    def fetch_user(id) = "user \#{id}"
    def publish(message) = message
    SERVER = TCPServer.new('127.0.0.1', 0)
    PORT = SERVER.addr[1]
    Thread.new do
      socket = SERVER.accept
      nil until socket.gets == "\\r\\n"
      socket.write("HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
    end
  RUBY

  def test_there_are_programs = assert_operator(PROGRAMS.size, :>=, 6)

  PROGRAMS.each_with_index do |program, index|
    define_method(:"test_program_#{index + 1}") do
      includes = $LOAD_PATH.grep(/k1s0/).flat_map { |it| ['-I', it] }
      printed, status = Open3.capture2e(RbConfig.ruby, *includes, '-e', PRELUDE + program)
      assert status.success?, printed
      promised = program.scan(/puts.* # (.*)/).flatten.reject { |it| it == 'nothing was called' }
      assert_equal promised, printed.lines(chomp: true)
    end
  end
end
