# Completion of PROGRAM for PowerShell. Load it with: PROGRAM completion powershell | Out-String | Invoke-Expression

function __PROGRAM_debug {
    if ($env:BASH_COMP_DEBUG_FILE) {
        "$args" | Out-File -Append -FilePath $env:BASH_COMP_DEBUG_FILE
    }
}

Register-ArgumentCompleter -Native -CommandName 'PROGRAM' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
    $program, $words = $words
    $words = @($words)
    if ($wordToComplete -eq '') {
        $words += ''
    }
    # Older versions drop empty arguments of programs.
    if ($PSVersionTable.PSVersion -lt [version]'7.3' -and $words.Count -and $words[-1] -eq '') {
        $words[-1] = '""'
    }
    $before = ''
    if ($wordToComplete -match '^(-.*=)') {
        $before = $Matches[1]
    }
    $directive = 0
    $found = @()
    foreach ($line in (& $program __complete @words 2>$null)) {
        if ($line -match '^:(\d+)$') {
            $directive = [int]$Matches[1]
            continue
        }
        $word, $description = $line -split "`t", 2
        if (-not $description) {
            $description = $word
        }
        $found += [System.Management.Automation.CompletionResult]::new("$before$word", $word, 'ParameterValue', $description)
    }
    __PROGRAM_debug "words: $words; found: $($found.Count); directive: $directive"
    if ($found.Count -eq 0 -and ($directive -band 4)) {
        # An empty candidate keeps the shell from offering files.
        return ''
    }
    $found
}
