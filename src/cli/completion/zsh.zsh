#compdef PROGRAM
compdef _PROGRAM PROGRAM

# Completion of PROGRAM for zsh. Load it with: source <(PROGRAM completion zsh)

__PROGRAM_debug() {
    if [[ -n ${BASH_COMP_DEBUG_FILE:-} ]]; then
        print -r -- "$*" >> "$BASH_COMP_DEBUG_FILE"
    fi
}

_PROGRAM() {
    local line word directive=0
    local -a found lines
    lines=("${(@f)$("${(Q)words[1]/#\~/$HOME}" __complete "${(@Q)words[2,CURRENT]}" 2> /dev/null)}")
    for line in $lines; do
        if [[ $line == :* ]]; then
            directive=${line#:}
            continue
        fi
        # A colon divides word and description here.
        word=${${line%%$'\t'*}//:/\\:}
        if [[ $line == *$'\t'* ]]; then
            found+=("$word:${line#*$'\t'}")
        else
            found+=("$word")
        fi
    done
    __PROGRAM_debug "words: $words; found: $#found; directive: $directive"
    if (( $#found )); then
        compset -P '--*='
        _describe -V 'candidate' found
    elif (( directive & 16 )); then
        _files -/
    elif (( ! (directive & 4) )); then
        _files
    fi
}

# An autoloaded file has to complete the first time, too.
if [[ ${funcstack[1]} == _PROGRAM ]]; then
    _PROGRAM "$@"
fi
