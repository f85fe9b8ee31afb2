// The README's programs, each run; what they print is what they say. They are put beside this by `cargo xtask test kotlin`.

import java.io.ByteArrayOutputStream
import java.io.File
import java.io.PrintStream
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory

class ReadmeTest {
    @TestFactory
    fun programs(): List<DynamicTest> {
        val kotlin = File("src/test/kotlin").listFiles { it -> it.name.matches(Regex("readme\\d+")) }!!
        val java = File("src/test/java").listFiles { it -> it.name.matches(Regex("readmejava\\d+")) }!!
        assertTrue(kotlin.size >= 6 && java.isNotEmpty(), "${kotlin.size} and ${java.size} programs")
        return kotlin.map { test(File(it, "Program.kt"), "${it.name}.ProgramKt") } +
            java.map { test(File(it, "Program.java"), "${it.name}.Program") }
    }

    private fun test(program: File, mainClass: String): DynamicTest = dynamicTest(mainClass) {
        val printed = ByteArrayOutputStream()
        val out = System.out
        System.setOut(PrintStream(printed, true))
        try {
            val main = Class.forName(mainClass).methods.single { it.name == "main" && it.parameterCount <= 1 && !it.isSynthetic }
            if (main.parameterCount == 0) main.invoke(null) else main.invoke(null, emptyArray<String>())
        } finally {
            System.setOut(out)
        }
        val said = Regex("""print(?:ln)?\(.*\);? // (.*)""").findAll(program.readText()).map { it.groupValues[1] }
        val promised = said.filter { it != "nothing was called" }.toList()
        assertEquals(promised, printed.toString().trim().lines().filter { it.isNotEmpty() })
    }
}
