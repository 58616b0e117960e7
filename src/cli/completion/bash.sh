# Completion of PROGRAM for bash. Load it with: source <(PROGRAM completion bash)

__PROGRAM_debug() {
    if [[ -n ${BASH_COMP_DEBUG_FILE:-} ]]; then
        printf '%s\n' "$*" >> "$BASH_COMP_DEBUG_FILE"
    fi
}

__start_PROGRAM() {
    local line program directive=0
    local typed=${COMP_LINE:0:COMP_POINT}
    local -a words
    read -ra words <<< "$typed"
    # The word at the cursor counts even if nothing of it has been typed yet.
    [[ $typed == *[[:space:]] ]] && words+=("")
    program=${words[0]/#\~/$HOME}
    type -P -- "$program" > /dev/null || program=PROGRAM
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line == :* ]]; then
            directive=${line#:}
        else
            COMPREPLY+=("$line")
        fi
    done < <("$program" __completeNoDesc "${words[@]:1}" 2> /dev/null)
    __PROGRAM_debug "words: ${words[*]}; found: ${#COMPREPLY[@]}; directive: $directive"
    # What stands before a colon counts as a word of its own to readline.
    local current=${words[${#words[@]} - 1]}
    if [[ $current == *:* && ${COMP_WORDBREAKS:-} == *:* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*:}"}"}")
    fi
    if ((directive & 16)); then
        mapfile -t COMPREPLY < <(compgen -d -- "${COMP_WORDS[COMP_CWORD]}")
        compopt -o filenames
    elif ((directive & 4)); then
        compopt +o default
    fi
}

complete -o default -F __start_PROGRAM PROGRAM
