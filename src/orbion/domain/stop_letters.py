"""Tell what each word does in a wish for no more messages, as one letter a word."""

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Final

from orbion.domain.spelling import Lexicon, clipped, sound, written_out
from orbion.domain.vocabulary import FILLERS, STOP_WORDS

# What a letter means stands here; of the other words the empty ones are «F», the rest «X».
_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "N": "nao nunca jamais nem",
        "0": "sem dispenso dispensamos zero",
        "+": "mais novamente",
        "P": (
            "stop paro pare parem parar pararem parasse parassem parando deixe deixem deixar"
            " deixassem evitar+ evito cessar+ interromper+ interrompo suspender+ suspendo encerrar+"
            " encerro desativar+ desativo descontinuar+ desligar+ desistam desabilitar+ abster+"
            " abstenha"
            " abstenham"
        ),
        "C": "cancelar+ cancelo cancelei",
        "Q": "sair saindo saio sai saiam saia sairmos",
        "V": (
            "mandar+ enviar+ encaminhar+ escrever+ repassar+ ficar+ contatar+ responder+ adicionar+"
            " incluir+ coloquem coloque disparar+ remeter+ metralhar+ bombardear+"
        ),
        "K": "chamar+ ligar+ marcar+ contactar+ contacta fale falem falar",
        "u": "use usem divulgue divulguem compartilhe compartilhem passe passem venda vendam",
        "S": "procurar+ buscar+",
        "Z": (
            "incomodar+ perturbar+ importunar+ atormentar+ azucrinar+ aporrinhar+ amolar+"
            " infernizar+ chatear+ spamar+ spammar+ stalkear+ assediar+ irritar+ torrar+ encher+"
            " insistir+ perseguir+ persigam persiga aperrear+ atazanar+ apoquentar+ aborrecer+"
            " aloprar+ abusar+ molestar+ encomodar+"
            " pentelhar+"
        ),
        "M": (
            "mensagem/s mensagen/s mensage/s mensagens mensaje/s mensajen mensagm msg/s msn sms"
            " spam/s propaganda/s promocao promocoes promo/s oferta/s anuncio/s publicidade/s"
            " divulgacao divulgacoes notificacao notificacoes marketing newsletter/s conteudo/s"
            " comunicacao comunicacoes comunicado/s mensagenzinha/s mensagemzinha"
            " informativo/s campanha/s"
        ),
        "m": (
            "perturbacao importunacao amolacao insistencia enchecao chateacao assedio perseguicao"
            " incomodo/s bombardeio"
        ),
        "I": "envio/s recebimento disparo/s",
        "T": (
            "isso isto nada coisa/s coisinha/s negocio/s trem treco novidade/s ligacao ligacoes"
            " texto/s parada bagulho/s disso nisso porcaria/s palhacada/s troco/s bagaca"
        ),
        "c": "contato/s",
        "E": "receber+ rcb receba",
        "R": (
            "tirar+ tirada/s tirado/s retirar+ retirada/s retirado/s remover+ removida/s removido/s"
            " excluir+ excluida/s excluido/s exclue apagar+ apagada/s apagado/s deletar+ deletado/s"
            " deletada/s riscar+ eliminar+ eliminado/s eliminada/s descartar+ bloqueia bloqueie"
            " bloqueiem esquecer+ esqueca esquecam perca perde limpa limpe desconsiderar+"
        ),
        "e": (
            "exclusao eliminacao cessacao interrupcao suspensao encerramento remocao apagamento"
            " descadastramento cancelamento"
        ),
        "J": "me mim comigo eu nois nos meu/s minha/s",
        "H": (
            "este/s esta/s deste/s desta/s esse/s essa/s desse/s dessa/s nesse/s nessa/s neste/s"
            " nesta/s aquele/s aquela/s"
        ),
        "U": (
            "numero telefone celular fone cadastro dados nome inscricao registro assinatura"
            " zap whats whatsapp wpp"
        ),
        "L": "lista/s grupo/s base sistema mailing agenda transmissao broadcast",
        "a": "dai daqui fora",
        "W": (
            "quer quero quere queria queremos desejo desejamos autorizo autorizei autorizamos"
            " permito permiti permitimos consinto aceito aceitamos gostaria pretendo preciso"
            " precisamos aguento suporto interesse pedi permissao autorizacao solicitei solicito"
            " concordo concordamos interessa interessam curto gosto peco rogo suplico imploro"
        ),
        "O": "voce voces cs",
        "B": (
            "block bloquear bloqueio bloqueando bloqueei bloqueado/s bloqueada/s reportado/s"
            " reportada/s denunciar denuncio denunciando denunciei denunciado/s denunciada/s"
            " processar reportei reporto reportando reportar procon anatel"
        ),
        "D": (
            "madrugada manha noite domingo/s sabado/s semana audio/s voz email hoje amanha ainda"
            " depois antes ate enquanto ingles"
        ),
        "k": "porque pois conforme senao segundo caso",
        "n": (
            "visita/s reuniao reunioes espera spc serasa inadimplente/s financiamento contrato"
            " escritura escola turma chamada matricula pedido material familia condominio proposta"
            " boleto"
        ),
        "F": (
            "empresa firma loja deve devem deveriam nova/s novo/s pra para pro por o a os as no na"
            " nos nas do da dos"
            " das ai la ca todo/s"
            " toda/s santo"
            " hora/s dia/s tempo inteiro novo nunca amor inferno droga merda porra saco tanto/s"
            " tanta/s paciencia comercial lado tipo vez nenhum nenhuma outro/s outra/s educadamente"
            " logo uso usar usado/s ser seja sejam fosse fossem necessario necessidade precisa"
            " precisam direto vida pe educacao fazer faz faca parte estar participar continuar dei"
            " dar dou pessoa/s moco moca prezado/s prezada/s caro/s entendeu jeito maneira urgente"
            " pessoal pessoais vosso/s vossa/s proximo/s seguinte/s frente diante lei voltar+ ver"
            " favor"
            " comercialmente te lhe vos k kk kkk kkkk"
            " obrigado obrigada grato grata senhores senhor senhora"
        ),
    }
)
_LEAST_TYPED: Final = 4  # letters of a word that may be misspelled
_LONG: Final = 8
_ENCLITICS: Final = ("me", "nos")


class _Alphabet:
    """The words above in all their forms, read when they are first needed."""

    def letter(self, word: str) -> str:
        if word in self._forms:
            return self._forms[word]
        if word in STOP_WORDS or word in FILLERS:
            return "F"
        for ending in _ENCLITICS:
            if word.endswith(ending) and word.removesuffix(ending) in self._forms:
                return self._forms[word.removesuffix(ending)]
        if len(word) < _LEAST_TYPED:
            return "X"
        return (
            self._sounds.get(word)
            or self._sounds.get(sound(word))
            or ("M" if self._nouns.meant_by(word) else "X")
        )

    @cached_property
    def _forms(self) -> Mapping[str, str]:
        """The first meaning of a word counts, so it comes last."""
        return {
            form: letter
            for letter in reversed(tuple(_WORDS))
            for word in _WORDS[letter].split()
            for form in written_out(word)
        }

    @cached_property
    def _sounds(self) -> Mapping[str, str]:
        """By what a word sounds like, and by what hasty writing leaves of it."""
        long = [(word, letter) for word, letter in self._forms.items() if len(word) >= _LEAST_TYPED]
        left = {way: letter for word, letter in long for way in clipped(word)}
        return {
            **{way: letter for way, letter in left.items() if len(way) >= _LEAST_TYPED},
            **{sound(word): letter for word, letter in long},
        }

    @cached_property
    def _nouns(self) -> Lexicon:
        return Lexicon(
            word for word, letter in self._forms.items() if letter == "M" and len(word) >= _LONG
        )


_ALPHABET: Final = _Alphabet()


def letters(clause: str) -> str:
    """Of spelled out words."""
    return "".join(map(_ALPHABET.letter, clause.split()))
