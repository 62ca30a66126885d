# What poolbench completes: the functions of tables (_poolbench_options, _poolbench_value, _poolbench_operand,
# _poolbench_params) stand before it in what `poolbench help --completion` prints.
# shellcheck shell=bash disable=SC2034 # words and limit are set by the functions of tables

# Sets line to the words up to the cursor, as the shell will read them.
_poolbench_join()
{
    local i word last=0
    line=("${COMP_WORDS[0]}")
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((last)) && [[ $word == [:=]* || ${line[last]} == *[:=] ]]; then
            line[last]+=$word
        else
            line[++last]=$word
        fi
    done
}

# Adds files that end in $1 (all when it is empty) and directories.
_poolbench_files()
{
    local file files=()
    mapfile -t files < <(compgen -f -- "$value")
    for file in "${files[@]}"; do
        [[ -d $file || $file == *"$1" ]] && COMPREPLY+=("$file")
    done
    compopt -o filenames 2>/dev/null
}

_poolbench()
{
    local program=$1 line=() last cur value before='' verb='' option='' operands=0 limit=0 i run part cut=''
    local kind='' words='' many=''
    COMPREPLY=()
    _poolbench_join
    last=$((${#line[@]} - 1))
    cur=${line[last]} value=$cur
    for ((i = 1; i < last; i++)); do
        if [[ -z $verb ]]; then
            verb=${line[i]}
        elif [[ -n $option ]]; then
            option=
        elif [[ ${line[i]} == -* ]]; then
            kind=
            _poolbench_value "$verb" "${line[i]}"
            [[ -n $kind ]] && option=${line[i]}
        else
            operands=$((operands + 1))
        fi
    done
    if [[ -n $verb && -z $option && $cur == --*=* ]]; then
        option=${cur%%=*} value=${cur#*=} before=${cur%%=*}=
    fi
    kind='' words='' many=''
    if [[ -n $option ]]; then
        _poolbench_value "$verb" "$option"
    elif [[ $cur == -* ]]; then
        kind=words
        _poolbench_options "$verb"
    else
        _poolbench_operand "$verb"
        ((operands < limit)) || kind=''
    fi
    if [[ -n $many && $value == *,* ]]; then
        before+=${value%,*}, value=${value##*,}
    fi
    if [[ $kind == spec && ${value%%:*} == *=* ]]; then # a label
        before+=${value%%=*}= value=${value#*=}
    fi
    if [[ $kind == spec && $value == *:* ]]; then
        words=''
        _poolbench_params "$option" "${value%%:*}"
        before+=${value%:*}: value=${value##*:}
    fi
    case $kind in
    runs)
        for run in results/*/trials.csv; do
            [[ -e $run ]] && run=${run%/*} && words+=" ${run##*/}"
        done
        ;;
    suites) words=$("$program" list suites 2>/dev/null | sed -n 's/^\([^ ]\{1,\}\) .*/\1/p') ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$value")
    case $kind in
    files) _poolbench_files '' ;;
    suites) _poolbench_files .ini ;;
    directories) _poolbench_files / ;;
    runs) [[ $value == */* ]] && _poolbench_files / ;;
    esac
    # What follows a colon or an equals sign is typed on without a space.
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[:=] ]] && compopt -o nospace 2>/dev/null
    COMPREPLY=("${COMPREPLY[@]/#/$before}")
    for part in : =; do
        if [[ $COMP_WORDBREAKS == *"$part"* && $cur == *"$part"* ]]; then
            part=${cur%"$part"*}$part
            ((${#part} > ${#cut})) && cut=$part
        fi
    done
    COMPREPLY=("${COMPREPLY[@]#"$cut"}")
}

complete -F _poolbench poolbench
