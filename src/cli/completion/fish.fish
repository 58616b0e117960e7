# Completion of PROGRAM for fish. Load it with: PROGRAM completion fish | source

function __PROGRAM_debug
    if set -q BASH_COMP_DEBUG_FILE; and test -n "$BASH_COMP_DEBUG_FILE"
        echo "$argv" >>"$BASH_COMP_DEBUG_FILE"
    end
end

function __PROGRAM_perform_completion
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l directive 0
    set -l found
    set -l before ''
    # Of `--flag=value` the whole is replaced.
    if string match -qr -- '^-.*=' "$current"
        set before (string replace -r -- '=.*' '=' "$current")
    end
    for line in ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
        if string match -qr '^:[0-9]+$' -- $line
            set directive (string sub -s 2 -- $line)
        else
            set -a found "$before$line"
        end
    end
    __PROGRAM_debug "words: $words; found: "(count $found)"; directive: $directive"
    if test (count $found) -gt 0
        printf '%s\n' $found
    else if test $directive -eq 16
        __fish_complete_directories "$current"
    else if test $directive -ne 4
        __fish_complete_path "$current"
    end
end

complete -c PROGRAM -e
complete -c PROGRAM -f -a '(__PROGRAM_perform_completion)'
